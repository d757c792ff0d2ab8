//! Who is at the desk: one operator by default; with more, the one whose passphrase was typed, until it is idle too long.
//!
//! Kept in the process and nowhere else. Every question reads the roster anew, so that another process's change holds at once.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::OperatorError;
use super::passphrase::Passphrase;
use super::roster::{Entry, Roll, Roster};
use crate::clock::SharedClock;
use crate::domain::operator::{Level, Operator, Role, VIEWER};

/// Wrong passphrases in a row that cost nothing but the work of hashing.
const FREE_TRIES: u32 = 3;
/// The longest wait after a wrong one.
const LONGEST_WAIT_S: u64 = 300;

/// The operators of one data folder, and who of them is at the desk in this process.
pub struct Operators {
    roster: Roster,
    clock: SharedClock,
    desk: Mutex<Desk>,
    /// Held while a passphrase is compared: tries come one after the other, however many ask at once.
    tries: tokio::sync::Mutex<Tries>,
}

#[derive(Default)]
struct Desk {
    /// Who a command line says it is; with one operator nobody has to prove it.
    claimed: Option<String>,
    seat: Option<Seat>,
}

/// Somebody whose passphrase was right.
struct Seat {
    name: String,
    /// Of the passphrase that was typed: who changes it elsewhere ends this.
    hash: String,
    /// The last input, by both clocks: the monotonic one stands still while a laptop sleeps, the other can be set back.
    seen: (i64, Duration),
    open: bool,
}

#[derive(Default)]
struct Tries {
    wrong: u32,
    not_before: Duration,
}

/// How things stand at the desk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Who is there, or who was when it locked.
    pub name: Option<String>,
    /// Who is there; None while it is locked.
    pub operator: Option<Operator>,
    /// More than one operator may sign in, so that it locks.
    pub more_than_one: bool,
    /// Minutes without input after which it locks; 0 for never.
    pub idle_min: u32,
    /// Seconds until it locks without further input.
    pub locks_in_s: Option<i64>,
}

impl Operators {
    /// Opens the roster of a data folder. Nothing is read yet.
    pub fn new(folder: &Path, clock: SharedClock) -> Self {
        Self {
            roster: Roster::new(folder),
            clock,
            desk: Mutex::default(),
            tries: tokio::sync::Mutex::default(),
        }
    }

    /// Who is at the desk, if they may do something of this level. A write counts as input.
    ///
    /// # Errors
    /// It is locked, the role is too low, or the roster cannot be read.
    pub fn permit(&self, level: Level, what: &str) -> Result<Operator, OperatorError> {
        let roll = self.roster.read()?;
        let mut desk = self.desk();
        let operator = self.present(&roll, &mut desk)?.ok_or(OperatorError::Locked)?;
        if operator.role.level() < level {
            return Err(OperatorError::NotPermitted { what: what.to_owned(), level, operator });
        }
        if level > VIEWER {
            self.see(&mut desk);
        }
        Ok(operator)
    }

    /// How things stand.
    ///
    /// # Errors
    /// The roster cannot be read.
    pub fn standing(&self) -> Result<Standing, OperatorError> {
        let roll = self.roster.read()?;
        let mut desk = self.desk();
        let operator = self.present(&roll, &mut desk)?;
        let more_than_one = roll.sole().is_none();
        let there = desk.seat.as_ref().filter(|seat| more_than_one && seat.open && roll.idle_min > 0);
        Ok(Standing {
            name: operator
                .as_ref()
                .map(|operator| operator.name.clone())
                .or_else(|| desk.seat.as_ref().map(|seat| seat.name.clone())),
            operator,
            more_than_one,
            idle_min: roll.idle_min,
            locks_in_s: there.map(|seat| (limit_s(&roll) - self.idle_s(seat)).max(0)),
        })
    }

    /// Lists the operators, and the minutes until the desk locks.
    ///
    /// # Errors
    /// The roster cannot be read.
    pub fn list(&self) -> Result<(Vec<Entry>, u32), OperatorError> {
        let roll = self.roster.read()?;
        Ok((roll.operators, roll.idle_min))
    }

    /// Says who is meant, without proof: what follows is theirs only where they are the one operator.
    pub fn claim(&self, name: &str) {
        self.desk().claimed = Some(name.to_owned());
    }

    /// Sits down at the desk. After three wrong passphrases in a row each further one has to wait, longer each time.
    ///
    /// # Errors
    /// The passphrase is wrong or too early, the operator unknown, or the roster cannot be read.
    pub async fn unlock(&self, name: &str, passphrase: Passphrase) -> Result<(), OperatorError> {
        let mut tries = self.tries.lock().await;
        let wait = tries.not_before.saturating_sub(self.clock.monotonic());
        if !wait.is_zero() {
            return Err(OperatorError::Wait(wait.as_secs().max(1)));
        }
        let entry = self.roster.read()?.get_enabled(name)?.clone();
        let Some(hash) = entry.hash else { return Err(OperatorError::NoPassphrase(entry.name)) };
        if !passphrase.is(hash.clone()).await? {
            tries.wrong = tries.wrong.saturating_add(1);
            tries.not_before = self.clock.monotonic() + wait_after(tries.wrong);
            return Err(OperatorError::WrongPassphrase);
        }
        *tries = Tries::default();
        self.seat(entry.name, hash);
        Ok(())
    }

    /// Leaves the desk.
    ///
    /// # Errors
    /// There is one operator, or the roster cannot be read.
    pub fn lock(&self) -> Result<(), OperatorError> {
        if self.roster.read()?.sole().is_some() {
            return Err(OperatorError::OneOperator);
        }
        if let Some(seat) = &mut self.desk().seat {
            seat.open = false;
        }
        Ok(())
    }

    /// Somebody typed or clicked. It does not open what is locked.
    ///
    /// # Errors
    /// The roster cannot be read.
    pub fn touch(&self) -> Result<(), OperatorError> {
        let roll = self.roster.read()?;
        let mut desk = self.desk();
        if self.present(&roll, &mut desk)?.is_some() {
            self.see(&mut desk);
        }
        Ok(())
    }

    /// Adds an operator. Who does it stays at the desk.
    ///
    /// # Errors
    /// The name or the passphrase is refused, someone there has no passphrase, or the roster cannot be written.
    pub async fn add(
        &self,
        by: &Operator,
        name: &str,
        role: Role,
        passphrase: Passphrase,
    ) -> Result<(), OperatorError> {
        let hash = passphrase.hash().await?;
        self.roster.add(name, role, hash, self.clock.now())?;
        self.stay(by)
    }

    /// Lets an operator in again. Who does it stays at the desk.
    ///
    /// # Errors
    /// There is none of this name, or the roster cannot be written.
    pub fn enable(&self, by: &Operator, name: &str) -> Result<(), OperatorError> {
        self.roster.set_disabled(name, false)?;
        self.stay(by)
    }

    /// Keeps an operator out, but on the list.
    ///
    /// # Errors
    /// They are the last owner, there is none of this name, or the roster cannot be written.
    pub fn disable(&self, name: &str) -> Result<(), OperatorError> {
        self.roster.set_disabled(name, true)
    }

    /// Removes an operator. What they did keeps their name.
    ///
    /// # Errors
    /// They are the last owner, there is none of this name, or the roster cannot be written.
    pub fn remove(&self, name: &str) -> Result<(), OperatorError> {
        self.roster.remove(name)
    }

    /// Gives an operator another name. What they did keeps the old one.
    ///
    /// # Errors
    /// The name is refused, there is none of the old one, or the roster cannot be written.
    pub fn rename(&self, name: &str, new_name: &str) -> Result<(), OperatorError> {
        self.roster.rename(name, new_name)?;
        if let Some(seat) = self.desk().seat.as_mut().filter(|seat| seat.name == name) {
            new_name.trim().clone_into(&mut seat.name);
        }
        Ok(())
    }

    /// Gives an operator another role.
    ///
    /// # Errors
    /// They are the last owner, there is none of this name, or the roster cannot be written.
    pub fn set_role(&self, name: &str, role: Role) -> Result<(), OperatorError> {
        self.roster.set_role(name, role)
    }

    /// Gives an operator another passphrase. Who changes their own stays at the desk; anyone else it is changed for does not.
    ///
    /// # Errors
    /// The passphrase is refused, there is no such operator, or the roster cannot be written.
    pub async fn set_passphrase(
        &self,
        by: &Operator,
        name: &str,
        passphrase: Passphrase,
    ) -> Result<(), OperatorError> {
        let hash = passphrase.hash().await?;
        self.roster.set_hash(name, hash)?;
        if by.name == name { self.stay(by) } else { Ok(()) }
    }

    /// Sets the minutes until the desk locks; 0 for never.
    ///
    /// # Errors
    /// More than a day, or the roster cannot be written.
    pub fn set_idle(&self, minutes: u32) -> Result<(), OperatorError> {
        self.roster.set_idle(minutes)
    }

    /// Who is there; None where it is locked.
    fn present(&self, roll: &Roll, desk: &mut Desk) -> Result<Option<Operator>, OperatorError> {
        if let Some(sole) = roll.sole() {
            return match &desk.claimed {
                Some(claimed) if *claimed != sole.name => Err(OperatorError::Unknown(claimed.clone())),
                _ => Ok(Some(sole.operator())),
            };
        }
        let Some(seat) = desk.seat.as_mut().filter(|seat| seat.open) else { return Ok(None) };
        let entry = roll.get_enabled(&seat.name).ok().filter(|entry| entry.hash.as_ref() == Some(&seat.hash));
        seat.open = entry.is_some() && (roll.idle_min == 0 || self.idle_s(seat) < limit_s(roll));
        Ok(entry.filter(|_| seat.open).map(Entry::operator))
    }

    /// Seats somebody who is there already, as the roster has them now.
    fn stay(&self, by: &Operator) -> Result<(), OperatorError> {
        let roll = self.roster.read()?;
        if let Ok(Entry { name, hash: Some(hash), .. }) = roll.get_enabled(&by.name) {
            self.seat(name.clone(), hash.clone());
        }
        Ok(())
    }

    fn seat(&self, name: String, hash: String) {
        self.desk().seat = Some(Seat { name, hash, seen: self.instant(), open: true });
    }

    fn see(&self, desk: &mut Desk) {
        if let Some(seat) = &mut desk.seat {
            seat.seen = self.instant();
        }
    }

    fn idle_s(&self, seat: &Seat) -> i64 {
        let (now, monotonic) = self.instant();
        let passed = monotonic.saturating_sub(seat.seen.1).as_secs();
        i64::try_from(passed).unwrap_or(i64::MAX).max(now.saturating_sub(seat.seen.0))
    }

    fn instant(&self) -> (i64, Duration) {
        (self.clock.now(), self.clock.monotonic())
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn limit_s(roll: &Roll) -> i64 {
    i64::from(roll.idle_min) * 60
}

/// 1 s after the third wrong one, then twice as long each time.
fn wait_after(wrong: u32) -> Duration {
    let Some(further) = wrong.checked_sub(FREE_TRIES) else { return Duration::ZERO };
    Duration::from_secs(1u64.checked_shl(further).unwrap_or(LONGEST_WAIT_S).min(LONGEST_WAIT_S))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

    /// Two clocks that part, as they do on a laptop that sleeps or is set.
    #[derive(Default)]
    struct Clocks {
        wall: AtomicI64,
        monotonic: AtomicU64,
    }

    impl crate::clock::Clock for Clocks {
        fn now(&self) -> i64 {
            self.wall.load(Ordering::SeqCst)
        }

        fn monotonic(&self) -> Duration {
            Duration::from_secs(self.monotonic.load(Ordering::SeqCst))
        }
    }

    #[tokio::test]
    async fn sleep_and_a_clock_that_is_set_back_keep_no_desk_open() {
        let folder = tempfile::tempdir().unwrap();
        let clocks = Arc::new(Clocks::default());
        let desk = Operators::new(folder.path(), Arc::clone(&clocks) as SharedClock);
        let typed = || Passphrase::new("long enough".to_owned());
        let owner = desk.permit(VIEWER, "").unwrap();
        desk.set_passphrase(&owner, &owner.name, typed()).await.unwrap();
        desk.add(&owner, "Ann", Role::Viewer, typed()).await.unwrap();
        let is_open = || desk.permit(VIEWER, "").is_ok();
        assert!(is_open());
        clocks.wall.fetch_add(900, Ordering::SeqCst);
        assert!(!is_open(), "the monotonic clock slept");
        clocks.wall.fetch_sub(900, Ordering::SeqCst);
        assert!(!is_open(), "locked is locked");
        desk.unlock("Ann", typed()).await.unwrap();
        clocks.wall.fetch_sub(5_000, Ordering::SeqCst);
        clocks.monotonic.fetch_add(899, Ordering::SeqCst);
        assert!(is_open());
        clocks.monotonic.fetch_add(1, Ordering::SeqCst);
        assert!(!is_open(), "the wall clock was set back");
    }

    #[test]
    fn the_wait_doubles_after_the_third_wrong_one_and_has_an_end() {
        let waits: Vec<u64> = (0..=7).map(|wrong| wait_after(wrong).as_secs()).collect();
        assert_eq!(waits, [0, 0, 0, 1, 2, 4, 8, 16]);
        for wrong in [12, 66, 67, 1_000, u32::MAX] {
            assert_eq!(wait_after(wrong).as_secs(), LONGEST_WAIT_S, "{wrong}");
        }
    }
}
