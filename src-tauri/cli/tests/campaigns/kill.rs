//! A sync that is killed with SIGKILL at any moment and started again ends where one ends that never was.

use std::time::{Duration, Instant};

use foredeck_engine::tasks::backfill;
use foredeck_sandbox::{ClockMode, Config, Faults, ShopPlan};

use crate::desk::Desk;
use crate::dump::assert_same;
use crate::mirror::Mirror;
use crate::{Dice, MACHINE, count, now, seed};

/// Kills of one mirror: in its first sync, and in polls with traffic.
const FIRST: usize = 7;
const LIVE: usize = 3;
/// Of the former, those before the lists are in.
const LISTS: usize = 4;
/// Requests that a sync has under way, and that a kill may find answered.
const AT_ONCE: u64 = 5;
/// Each answer takes this long, so that a sync lasts and a kill meets requests on their way.
const LATENCY_MS: u64 = 20;
const PATIENCE: Duration = Duration::from_secs(60);
const HOUR: i64 = 3_600;

/// When to kill.
#[derive(Debug)]
enum Moment {
    /// So many requests were answered, and a little later.
    Answered(u64, Duration),
    /// The last list is in and its orders are being made, and a little later.
    Folding(Duration),
}

/// What a kill met.
#[derive(Debug, Default)]
struct Met {
    kills: usize,
    mid_work: usize,
    on_the_wire: usize,
    in_backfill: usize,
    in_folding: usize,
    in_walk: usize,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_killed_at_any_moment_ends_as_one_never_killed() {
    let _shared = MACHINE.read().await;
    let mut dice = Dice(seed());
    let rounds = count(20, 100) / (FIRST + LIVE);
    let mut met = Met::default();
    let began = Instant::now();
    for round in 0..rounds {
        one_round(7 + round as u64, &mut dice, &mut met).await;
    }
    eprintln!("{met:?} in {:?}", began.elapsed());
    assert_eq!(met.kills, rounds * (FIRST + LIVE));
    assert!(met.mid_work * 100 >= met.kills * 80, "too few kills met work: {met:?}");
    assert!(met.in_backfill > 0 && met.in_folding > 0 && met.in_walk > 0, "every phase was met: {met:?}");
}

async fn one_round(world_seed: u64, dice: &mut Dice, met: &mut Met) {
    let desk = Desk::open(Config {
        seed: world_seed,
        clock: ClockMode::Virtual { start: now() },
        // Most of it is older than Stripe keeps events: what a kill loses of the lists, no event brings back.
        shop: ShopPlan::Live { history_orders: 900, days: 90, per_minute: 12.0, faults: 0.0 },
        ..Config::default()
    })
    .await;
    desk.world.set_faults(Faults { latency_ms: LATENCY_MS, ..Faults::default() });
    let (whole, killed) = (Mirror::new(&desk, "whole"), Mirror::new(&desk, "killed"));

    let mut left = whole.sync()["requests"].as_u64().unwrap();
    eprintln!("a whole sync asks {left} times");
    for number in 0..FIRST {
        let pause = Duration::from_micros(dice.draw(8_000));
        let moment = if number == LISTS {
            Moment::Folding(pause)
        } else {
            // What is left of the lists, or after them, is shared between the kills to come.
            let answered = 1 + dice.draw(left / 8);
            left = left.saturating_sub(answered + AT_ONCE).max(8);
            Moment::Answered(answered, pause)
        };
        kill(&desk, &killed, &moment, met).await;
    }
    killed.sync();

    for _ in 0..LIVE {
        desk.world.advance(600 + i64::try_from(dice.draw(3_000)).unwrap());
        let needed = whole.sync()["requests"].as_u64().unwrap();
        let pause = Duration::from_micros(dice.draw(20_000));
        let ticking = tick(&desk);
        kill(&desk, &killed, &Moment::Answered(1 + dice.draw(needed / 2), pause), met).await;
        ticking.abort();
    }
    compare(&desk, &whole, &killed).await;
}

/// Customers go on while a sync runs: five seconds of theirs in fifty milliseconds.
fn tick(desk: &Desk) -> tokio::task::JoinHandle<()> {
    let world = desk.world.clone();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_millis(50)).await;
            world.advance(5);
        }
    })
}

/// Starts a sync and kills it at a moment.
async fn kill(desk: &Desk, mirror: &Mirror<'_>, moment: &Moment, met: &mut Met) {
    desk.world.clear_requests();
    let db = mirror.db();
    let began = Instant::now();
    let mut sync = mirror.start(&["sync", "--max-rps", "100", "--json"]);
    let is_folding = || {
        db.read_now(|connection| {
            let run = backfill::find_run(connection)?.filter(|run| run.finished_at.is_none());
            let Some(run) = run else { return Ok(false) };
            let sql = "SELECT count(*) FROM backfill_window WHERE run = ?1 AND done = 0";
            Ok(connection.query_row(sql, [run.run], |row| row.get::<_, i64>(0))? == 0)
        })
        .unwrap()
    };
    let pause = match moment {
        Moment::Answered(_, pause) | Moment::Folding(pause) => *pause,
    };
    loop {
        let come = match moment {
            Moment::Answered(many, _) => desk.world.requests().len() as u64 >= *many,
            Moment::Folding(_) => is_folding(),
        };
        if come || sync.has_ended() {
            break;
        }
        assert!(began.elapsed() < PATIENCE, "the moment never came");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    tokio::time::sleep(pause).await;
    let asked = desk.world.requests().len();
    let on_the_wire = desk.world.in_flight() > 0;
    let folding = is_folding();
    let mid_work = sync.kill() && asked > 0;
    met.kills += 1;
    met.mid_work += usize::from(mid_work);
    met.on_the_wire += usize::from(mid_work && on_the_wire);
    met.in_folding += usize::from(mid_work && folding);
    met.in_walk += usize::from(mid_work && mirror.has_walk("poll_events"));
    let unfinished = mirror.read(backfill::find_run).is_some_and(|run| run.finished_at.is_none());
    met.in_backfill += usize::from(mid_work && unfinished && !folding);
    eprintln!(
        "{moment:?}: {asked} asked, mid-work {mid_work}, folding {folding}, backfill unfinished {unfinished}"
    );
}

/// Both are brought to the same instant, and hold the same; once by polls, and once with everything listed again.
async fn compare(desk: &Desk, whole: &Mirror<'_>, killed: &Mirror<'_>) {
    desk.world.set_faults(Faults::default());
    desk.world.advance(2 * HOUR);
    for mirror in [whole, killed] {
        settle(mirror).await;
    }
    assert_same(&killed.dump(false), &whole.dump(false));
    for mirror in [whole, killed] {
        mirror.run(["sync", "--full", "--max-rps", "100", "--json"]).ok();
        settle(mirror).await;
    }
    assert_same(&killed.dump(true), &whole.dump(true));
    killed.verify();
    crate::truth::assert_true(desk, killed);
}

/// Syncs until nothing waits to be asked for once more.
async fn settle(mirror: &Mirror<'_>) {
    let began = Instant::now();
    loop {
        mirror.sync();
        if mirror.count("SELECT count(*) FROM refetch WHERE reason <> 'line_items'") == 0 {
            return;
        }
        assert!(began.elapsed() < PATIENCE, "something stays unsettled");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}
