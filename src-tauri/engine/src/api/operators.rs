//! Operations on operators, and on who is at the desk.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::Call;
use super::types::NoArgs;
use crate::domain::operator::{Level, MANAGE_INTEGRATIONS, MOVE_MONEY, OWNER, Role, SUPPORT};
use crate::error::Problem;
use crate::operators::{Entry, Passphrase};
use crate::topic::Topic;

/// One operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct OperatorView {
    /// Their name.
    pub name: String,
    /// Their role.
    pub role: Role,
    /// The role's level: 10, 50, 80 or 100.
    pub level: u8,
    /// They have a passphrase.
    pub has_passphrase: bool,
    /// They may not sign in.
    pub disabled: bool,
    /// Added at, unix seconds; null for the first, whom nobody added.
    pub added_at: Option<i64>,
}

/// Every operator of the data folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct OperatorList {
    /// In the order they were added.
    pub operators: Vec<OperatorView>,
    /// Minutes without input after which the desk locks; 0 for never.
    pub idle_min: u32,
}

/// What the operator at the desk may do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct May {
    /// Repair orders, adjust wallets, write exports: level 50.
    pub repair: bool,
    /// Refund, capture, cancel, within the role's cap: level 50.
    pub move_money: bool,
    /// Connect services, change keys, plans and settings, import: level 80.
    pub manage_integrations: bool,
    /// Remove stores, add and change operators: level 100.
    pub manage_operators: bool,
}

/// Who is at the desk of this process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct OperatorMe {
    /// Who is there, or who was when it locked; null where nobody was yet.
    pub name: Option<String>,
    /// Their role; null while it is locked.
    pub role: Option<Role>,
    /// The level that holds now; a locked desk reads, as a viewer does.
    pub level: u8,
    /// Nothing is written until somebody unlocks.
    pub locked: bool,
    /// More than one operator may sign in, so that the desk locks.
    pub more_than_one: bool,
    /// Minutes without input after which it locks; 0 for never.
    pub idle_min: u32,
    /// Seconds until it locks without further input; null where it does not.
    pub locks_in_s: Option<i64>,
    /// What holds now.
    pub may: May,
}

/// Names an operator.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct OperatorArgs {
    /// The name.
    pub name: String,
}

/// Adds an operator.
#[derive(Debug, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct OperatorAddArgs {
    /// Their name: 1 to 40 characters, nobody else's.
    pub name: String,
    /// Their role.
    pub role: Role,
    /// Their passphrase: 8 to 200 characters.
    #[ts(type = "string")]
    pub passphrase: Passphrase,
}

/// Gives an operator another name.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct OperatorRenameArgs {
    /// The name they have.
    pub name: String,
    /// The name they get.
    pub new_name: String,
}

/// Gives an operator another role.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct OperatorRoleArgs {
    /// The name.
    pub name: String,
    /// The role.
    pub role: Role,
}

/// Keeps an operator out, or lets them in again.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct OperatorDisabledArgs {
    /// The name.
    pub name: String,
    /// They may not sign in.
    pub disabled: bool,
}

/// Sets when the desk locks.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct OperatorIdleArgs {
    /// Minutes without input, up to 1440; 0 for never.
    pub minutes: u32,
}

/// Gives an operator another passphrase.
#[derive(Debug, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct OperatorPassphraseArgs {
    /// Whose; left out, one's own. Only an owner sets another's.
    #[ts(optional)]
    #[serde(default)]
    pub name: Option<String>,
    /// The new one: 8 to 200 characters.
    #[ts(type = "string")]
    pub passphrase: Passphrase,
}

/// Opens a locked desk.
#[derive(Debug, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct OperatorUnlockArgs {
    /// Who.
    pub name: String,
    /// Their passphrase.
    #[ts(type = "string")]
    pub passphrase: Passphrase,
}

pub(super) async fn operator_list(call: Call, _: NoArgs) -> Result<OperatorList, Problem> {
    let (operators, idle_min) = call.engine.operators().list()?;
    Ok(OperatorList { operators: operators.into_iter().map(view).collect(), idle_min })
}

fn view(entry: Entry) -> OperatorView {
    OperatorView {
        name: entry.name,
        role: entry.role,
        level: entry.role.level().0,
        has_passphrase: entry.hash.is_some(),
        disabled: entry.disabled,
        added_at: entry.added_at,
    }
}

pub(super) async fn operator_me(call: Call, _: NoArgs) -> Result<OperatorMe, Problem> {
    let standing = call.engine.operators().standing()?;
    let role = standing.operator.map(|operator| operator.role);
    let reaches = |level: Level| role.is_some_and(|role| role.level() >= level);
    Ok(OperatorMe {
        name: standing.name,
        role,
        level: role.unwrap_or(Role::Viewer).level().0,
        locked: role.is_none(),
        more_than_one: standing.more_than_one,
        idle_min: standing.idle_min,
        locks_in_s: standing.locks_in_s,
        may: May {
            repair: reaches(SUPPORT),
            move_money: reaches(MOVE_MONEY),
            manage_integrations: reaches(MANAGE_INTEGRATIONS),
            manage_operators: reaches(OWNER),
        },
    })
}

pub(super) async fn operator_unlock(call: Call, args: OperatorUnlockArgs) -> Result<OperatorMe, Problem> {
    call.engine.operators().unlock(&args.name, args.passphrase).await?;
    told(&call);
    operator_me(call, NoArgs {}).await
}

pub(super) async fn operator_lock(call: Call, _: NoArgs) -> Result<OperatorMe, Problem> {
    call.engine.operators().lock()?;
    told(&call);
    operator_me(call, NoArgs {}).await
}

/// The page says that somebody typed or clicked, every half minute at most.
pub(super) async fn operator_touch(call: Call, _: NoArgs) -> Result<OperatorMe, Problem> {
    call.engine.operators().touch()?;
    operator_me(call, NoArgs {}).await
}

pub(super) async fn operator_add(call: Call, args: OperatorAddArgs) -> Result<OperatorList, Problem> {
    let by = call.operator()?;
    call.engine.operators().add(&by, &args.name, args.role, args.passphrase).await?;
    changed(call).await
}

pub(super) async fn operator_remove(call: Call, args: OperatorArgs) -> Result<OperatorList, Problem> {
    call.engine.operators().remove(&args.name)?;
    changed(call).await
}

pub(super) async fn operator_rename(call: Call, args: OperatorRenameArgs) -> Result<OperatorList, Problem> {
    call.engine.operators().rename(&args.name, &args.new_name)?;
    changed(call).await
}

pub(super) async fn operator_set_role(call: Call, args: OperatorRoleArgs) -> Result<OperatorList, Problem> {
    call.engine.operators().set_role(&args.name, args.role)?;
    changed(call).await
}

pub(super) async fn operator_set_disabled(
    call: Call,
    args: OperatorDisabledArgs,
) -> Result<OperatorList, Problem> {
    let by = call.operator()?;
    if args.disabled {
        call.engine.operators().disable(&args.name)?;
    } else {
        call.engine.operators().enable(&by, &args.name)?;
    }
    changed(call).await
}

pub(super) async fn operator_set_idle(call: Call, args: OperatorIdleArgs) -> Result<OperatorList, Problem> {
    call.engine.operators().set_idle(args.minutes)?;
    changed(call).await
}

/// Anyone at the desk may change their own, so the table cannot name the level: it is asked for here.
pub(super) async fn operator_set_passphrase(
    call: Call,
    args: OperatorPassphraseArgs,
) -> Result<OperatorList, Problem> {
    let by = call.operator()?;
    let name = args.name.unwrap_or_else(|| by.name.clone());
    if name != by.name {
        call.engine.permit(OWNER, "another operator's passphrase")?;
    }
    call.engine.operators().set_passphrase(&by, &name, args.passphrase).await?;
    changed(call).await
}

async fn changed(call: Call) -> Result<OperatorList, Problem> {
    told(&call);
    operator_list(call, NoArgs {}).await
}

fn told(call: &Call) {
    call.engine.announcer().announce(None, Topic::Operators);
}
