"""Every performer of an installation, by act: what the procedure asks for meets what carries it out."""

from typing import TYPE_CHECKING

from intake.access import access_performers
from intake.address import OpenAddressChange
from intake.addressees import other_addressees
from intake.campaign_checking import CheckInCampaign, FindLicenceInCampaign
from intake.checking import CheckAccount
from intake.performing import Post, telling_performers
from provision.executor import Performer
from provision.first_use import first_use_performers
from provision.holding import holding_performers
from provision.journal.accounts import Accounts
from provision.journal.campaigns import Campaigns
from provision.journal.mails import MailSeal
from provision.journal.reservations import Reservations
from provision.leaving import FindLicence, leaving_performers
from provision.modifying import modifying_performers
from provision.performing import creating_performers
from provision.procedure.acts import Act
from provision.procedure.steps import Rules

if TYPE_CHECKING:
    from intake.wiring import Installation


def all_performers(installation: "Installation") -> dict[Act, Performer]:
    """One for each act, but for those that only a person's word brings about."""

    def rules() -> Rules:
        return installation.rules(installation.clock())

    policy, directory, cloud, backup = installation.policy, installation.directory, installation.cloud, installation.backup
    post = Post(installation.renderer, installation.mailer, rules, installation.form_url, MailSeal(installation.journal))
    reservations, accounts = Reservations(installation.journal), Accounts(installation.journal)
    addressees = other_addressees(installation.matrix, rules)
    return {
        **creating_performers(directory, cloud, reservations, policy),
        **modifying_performers(directory, cloud, reservations, accounts, policy),
        **holding_performers(directory, accounts, policy),
        **leaving_performers(directory, cloud, backup),
        **first_use_performers(directory, accounts, installation.rules),
        **access_performers(directory, accounts, post, installation.stop_point),
        **telling_performers(post, installation.desk, addressees),
        Act.CHECK_ACCOUNT: CheckInCampaign(
            CheckAccount(directory, accounts, installation.matrix, policy),
            directory,
            accounts,
            Campaigns(installation.journal),
            policy,
        ),
        Act.FIND_LICENCE: FindLicenceInCampaign(FindLicence(cloud), installation.journal),
        Act.OPEN_ADDRESS_CHANGE: OpenAddressChange(installation.journal, installation.rules),
    }
