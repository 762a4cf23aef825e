#!/bin/bash
# request_tracker.sh ARCHIVE
# Makes ARCHIVE: a tar of a fresh Request Tracker 5 on SQLite: a queue, the custom fields of docs/administrador.md, a
# least-privilege service account and an agent, each with its REST2 token. tests/servers/request_tracker.py starts servers
# from it. Needs Debian's request-tracker5, rt5-db-sqlite and rt5-standalone; installs nothing; no network.
set -euo pipefail
archive=$1
home=$(mktemp -d "${TMPDIR:-/tmp}/gestion-rt.XXXXXX")
trap 'rm -rf "$home"' EXIT
mkdir -p "$home"/{site.d,mason,session,log}

# Everything that differs between two servers made of this archive comes from the environment.
# BcryptCost: with the default of 12 each request that carries a token takes about 250 ms more.
cat > "$home/RT_SiteConfig.pm" <<'PERL'
my $home = $ENV{GESTION_RT_HOME} or die "GESTION_RT_HOME is not set";
Set($rtname, 'mesa.test');
Set($Organization, 'mesa.test');
Set($Timezone, 'America/Bogota');
Set($DatabaseType, 'SQLite');
Set($DatabaseName, "$home/rt5.db");
Set($WebDomain, '127.0.0.1');
Set($WebPort, $ENV{GESTION_RT_PORT} || 80);
Set($WebPath, '');
Set($MailCommand, 'mbox');
Set($BcryptCost, 4);
Set($LogToSyslog, undef);
Set($LogToSTDERR, 'warning');
Set($WebSessionClass, 'Apache::Session::File');
$RT::VarPath = $home;
$RT::MasonDataDir = "$home/mason";
$RT::MasonSessionDir = "$home/session";
1;
PERL

cat > "$home/mesa.initialdata" <<'PERL'
@Queues = (
    { Name => 'Mesa de Servicios', CorrespondAddress => 'mesa@mesa.test', CommentAddress => 'mesa@mesa.test' },
    { Name => 'Infraestructura' },
    { Name => 'Sin campos' },
);
@CustomFields = map {
    { Name => $_, Type => 'FreeformSingle', LookupType => 'RT::Queue-RT::Ticket',
      Queue => [ 'Mesa de Servicios', 'Infraestructura' ] }
} qw(IdSolicitud EstadoSolicitud CuentaSolicitud DependenciaSolicitud EnEsperaDe VenceSolicitud);
push @CustomFields, { Name => 'SoloClave', Type => 'FreeformSingle', LookupType => 'RT::Queue-RT::Ticket',
                      Queue => [ 'Sin campos' ] };
@Users = (
    { Name => 'svc-gestion', Password => 'No-Se-Usa-1', Privileged => 1, EmailAddress => 'svc-gestion@mesa.test' },
    { Name => 'agente', RealName => 'Ana Agente', Password => 'No-Se-Usa-2', Privileged => 1,
      EmailAddress => 'agente@mesa.test' },
);
my @service = qw(SeeQueue CreateTicket ShowTicket ShowTicketComments CommentOnTicket ModifyTicket SeeCustomField
                 ModifyCustomField SetInitialCustomField);
my @agent = (@service, qw(ReplyToTicket DeleteTicket OwnTicket));
@ACL = (
    (map { { UserId => 'svc-gestion', Right => $_ } } @service),
    (map { { UserId => 'agente', Right => $_ } } @agent),
    (map { { GroupDomain => 'SystemInternal', GroupType => 'Everyone', Right => $_ } } qw(CreateTicket ReplyToTicket)),
);
PERL

export GESTION_RT_HOME=$home RT_SITE_CONFIG=$home/RT_SiteConfig.pm RT_SITE_CONFIG_DIR=$home/site.d
printf '%s' 'No-Se-Usa-3' > "$home/root.pw"
{
  rt-setup-database-5 --action init --skip-create --root-password-file "$home/root.pw"
  rt-setup-database-5 --action insert --skip-create --datafile "$home/mesa.initialdata"
} > "$home/log/setup.log" 2>&1 || { tail -20 "$home/log/setup.log" >&2; exit 1; }

perl -I/usr/share/request-tracker5/lib - "$home" <<'PERL'
use strict;
use warnings;
use RT -init;
my $home = shift;
for my $name ('svc-gestion', 'agente') {
    my $user = RT::CurrentUser->new(RT->SystemUser);
    $user->Load($name);
    my $token = RT::AuthToken->new(RT->SystemUser);
    my ($ok, $message, $secret) = $token->Create(Owner => $user->Id, Description => 'pruebas');
    die "$name: $message" unless $ok;
    open(my $file, '>', "$home/$name.token") or die $!;
    print $file $secret;
    close $file;
}
PERL
rm -f "$home/root.pw" "$home/mesa.initialdata"
tar -cSf "$archive.new" -C "$home" .
mv "$archive.new" "$archive"
