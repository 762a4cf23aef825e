#!/bin/bash
# samba.sh ARCHIVE REALM ADMIN_PASSWORD SERVICE_PASSWORD
# Makes ARCHIVE: a tar of a fresh Active Directory domain (Samba), with its own certificate authority, the OUs
# "Usuarios", "Grupos" and "Equipos", and a least-privilege service account. tests/servers/samba.py starts controllers from it.
# Needs root and the packages samba, samba-dsdb-modules, samba-ad-provision and openssl; installs nothing; no network.
set -euo pipefail
archive=$1 realm=$2 admin_password=$3 service_password=$4
home=$(mktemp -d "${TMPDIR:-/tmp}/gestion-domain.XXXXXX")
trap 'rm -rf "$home"' EXIT

# Debian's interpreter: Samba's Python modules belong to it. The Python interface, because `samba-tool domain provision`
# always sets file ACLs on sysvol, which need a Samba VFS module and extended attributes that a container may not have.
DOMAIN_HOME=$home REALM=$realm ADMIN_PASSWORD=$admin_password SERVICE_PASSWORD=$service_password \
  /usr/bin/python3 - 2>"$home/provision.log" <<'PY' || { cat "$home/provision.log" >&2; exit 1; }
import logging
import os

import ldb
from samba.auth import system_session
from samba.dcerpc import misc, security
from samba.dsdb import DS_DOMAIN_FUNCTION_2008_R2
from samba.ndr import ndr_pack, ndr_unpack
from samba.param import LoadParm
from samba.provision import provision
from samba.samdb import SamDB

realm = os.environ["REALM"]
settings = LoadParm()
settings.set("ldb:nosync", "true")
domain = provision(
    logging.getLogger(),
    system_session(),
    targetdir=os.environ["DOMAIN_HOME"],
    lp=settings,
    realm=realm,
    domain=realm.split(".")[0],
    hostname="dc1",
    hostip="127.0.0.1",
    adminpass=os.environ["ADMIN_PASSWORD"],
    serverrole="dc",
    dns_backend="NONE",
    dom_for_fun_level=DS_DOMAIN_FUNCTION_2008_R2,
    skip_sysvolacl=True,
)

directory = SamDB(url=domain.paths.samdb, session_info=system_session(), lp=domain.lp)
base = str(directory.domain_dn())
for name in ("Usuarios", "Grupos", "Equipos", "Ajena", "Servicios"):
    directory.add({"dn": f"OU={name},{base}", "objectClass": "organizationalUnit"})
directory.newuser(
    "svc-gestion", os.environ["SERVICE_PASSWORD"], userou="OU=Servicios", useusernameascn=True, setpassword=True
)
directory.setexpiry("(sAMAccountName=svc-gestion)", 0, no_expiry_req=True)
found = directory.search(base, expression="(sAMAccountName=svc-gestion)", attrs=["objectSid"])
sid = ndr_unpack(security.dom_sid, found[0]["objectSid"][0])

USER = "bf967aba-0de6-11d0-a285-00aa003049e2"
COMPUTER = "bf967a86-0de6-11d0-a285-00aa003049e2"
GROUP = "bf967a9c-0de6-11d0-a285-00aa003049e2"
MEMBER = "bf9679c0-0de6-11d0-a285-00aa003049e2"
RESET_PASSWORD = "00299570-246d-11d0-a768-00aa006e0529"
# Those of docs/administrador.md, and no other.
WRITTEN = (
    "userAccountControl", "pwdLastSet", "unicodePwd", "lockoutTime", "accountExpires", "manager",
    "msDS-cloudExtensionAttribute1", "givenName", "sn", "displayName", "title", "department", "mobile",
    "proxyAddresses", "cn", "name",
)


def guid_of(attribute):
    """The schema's identifier of an attribute, as an access control entry names it."""
    found = directory.search(
        directory.get_schema_basedn(), expression=f"(lDAPDisplayName={attribute})", attrs=["schemaIDGUID"]
    )
    return str(ndr_unpack(misc.GUID, found[0]["schemaIDGUID"][0]))


def allow(dn, entries, controls=(), replacing=False):
    """Append access control entries to the object's own list, or put them in its place (and inherit none)."""
    read = directory.search(dn, ldb.SCOPE_BASE, attrs=["nTSecurityDescriptor"], controls=["sd_flags:1:4", *controls])
    current = ndr_unpack(security.descriptor, read[0]["nTSecurityDescriptor"][0])
    owner = security.dom_sid(directory.get_domain_sid())
    if replacing:
        current.dacl = security.acl()
        current.type |= security.SEC_DESC_DACL_PROTECTED
    for entry in entries:
        for ace in security.descriptor.from_sddl(f"D:{entry}", owner).dacl.aces:
            current.dacl_add(ace)
    change = ldb.Message(ldb.Dn(directory, dn))
    change["sd"] = ldb.MessageElement(ndr_pack(current), ldb.FLAG_MOD_REPLACE, "nTSecurityDescriptor")
    directory.modify(change, controls=["sd_flags:1:4", *controls])


allow(
    f"OU=Usuarios,{base}",
    (
        f"(OA;CI;CCDC;{USER};;{sid})",
        f"(OA;CIIO;SDDT;;{USER};{sid})",
        *(f"(OA;CIIO;WP;{guid_of(name)};{USER};{sid})" for name in WRITTEN),
        f"(OA;CIIO;CR;{RESET_PASSWORD};{USER};{sid})",
        f"(OA;CIIO;WP;{MEMBER};{GROUP};{sid})",
    ),
)
allow(
    f"OU=Equipos,{base}",
    (
        f"(OA;CI;DC;{COMPUTER};;{sid})",
        f"(OA;CIIO;SDDT;;{COMPUTER};{sid})",
        f"(OA;CIIO;WP;{guid_of('userAccountControl')};{COMPUTER};{sid})",
    ),
)
allow(f"OU=Grupos,{base}", (f"(OA;CIIO;WP;{MEMBER};{GROUP};{sid})",))
# As on Microsoft's servers, where only administrators see deleted objects; and then what an administrator grants with
# `dsacls "CN=Deleted Objects,…" /G svc:LCRP`: list and read, nothing else.
allow(
    f"CN=Deleted Objects,{base}",
    ("(A;;RPWPCCDCLCRCWOWDSDSW;;;SY)", "(A;;LCRP;;;BA)", f"(A;;LCRP;;;{sid})"),
    controls=("show_deleted:1",),
    replacing=True,
)
PY

tls=$home/private/tls
mkdir -p "$tls"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -subj "/CN=$realm test CA" \
  -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign \
  -keyout "$tls/ca-key.pem" -out "$tls/ca.pem" 2>/dev/null
chmod 600 "$tls/ca-key.pem"
mkdir -p "$(dirname "$archive")"
tar -cSf "$archive.$$" -C "$home" private state
mv "$archive.$$" "$archive"
