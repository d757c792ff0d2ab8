//! Opens connections: pragmas, identity, checks and migrations in one place.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::migrations::{MIGRATIONS, latest_version};
use super::{DbError, DbResult};

/// `PRAGMA application_id` of a mirror ("FDCK").
const APPLICATION_ID: i64 = 0x4644_434b;
const PAGE_SIZE: i64 = 8192;

pub(super) fn read_write(path: &Path) -> DbResult<Connection> {
    let fresh = std::fs::metadata(path).map_or(true, |file| file.len() == 0);
    if fresh {
        make_private(path)?;
    }
    let mut connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
    if fresh {
        connection.pragma_update(None, "page_size", PAGE_SIZE)?;
        connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    }
    check_identity(&connection)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "foreign_keys", false)?;
    connection.pragma_update(None, "cache_size", -32_768)?;
    connection.pragma_update(None, "wal_autocheckpoint", 4_000)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    quick_check(&connection)?;
    migrate(&mut connection)?;
    Ok(connection)
}

/// Makes the file before SQLite does, readable by its owner only.
fn make_private(path: &Path) -> DbResult<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::StorageFull => DbError::DiskFull,
        std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => DbError::ReadOnly,
        _ => DbError::Invalid(format!("the mirror file cannot be made: {error}")),
    })?;
    Ok(())
}

pub(super) fn read_only(path: &Path) -> DbResult<Connection> {
    if !path.is_file() {
        return Err(DbError::Invalid(format!("there is no file {}", path.display())));
    }
    let connection = reader(path)?;
    check_identity(&connection)?;
    if schema_version(&connection)? == 0 {
        return Err(DbError::Empty);
    }
    Ok(connection)
}

pub(super) fn reader(path: &Path) -> DbResult<Connection> {
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    // A copy on a read-only medium has no -wal or -shm and cannot make them. SQLite's word for that depends on which
    // of the two it missed first.
    let readable = connection.query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get::<_, i64>(0));
    let connection = match readable {
        Ok(_) => connection,
        Err(error)
            if matches!(
                error.sqlite_error_code(),
                Some(rusqlite::ErrorCode::CannotOpen | rusqlite::ErrorCode::ReadOnly)
            ) =>
        {
            immutable(path)?
        }
        Err(error) => return Err(error.into()),
    };
    connection.pragma_update(None, "query_only", true)?;
    connection.pragma_update(None, "cache_size", -8_192)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    Ok(connection)
}

fn immutable(path: &Path) -> DbResult<Connection> {
    let mut uri = String::from("file:");
    for byte in path.to_string_lossy().bytes() {
        match byte {
            b'%' | b'?' | b'#' => uri.push_str(&format!("%{byte:02X}")),
            _ => uri.push(char::from(byte)),
        }
    }
    uri.push_str("?immutable=1");
    connect(Path::new(&uri), OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI)
}

#[allow(clippy::disallowed_methods, reason = "the db room opens connections")]
fn connect(path: &Path, flags: OpenFlags) -> DbResult<Connection> {
    let connection =
        Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX).map_err(|error| {
            match error.sqlite_error_code() {
                Some(rusqlite::ErrorCode::CannotOpen) => {
                    DbError::Invalid(format!("the file {} cannot be opened", path.display()))
                }
                _ => error.into(),
            }
        })?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(128);
    // Plans hold whatever is bound: without this every new LIMIT or key makes SQLite prepare the statement again.
    connection.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(connection)
}

/// Runs what sorts a whole table with its runs in temporary files, not in memory.
///
/// # Errors
/// What the work returned.
pub fn sorting_in_files<T>(connection: &Connection, work: impl FnOnce() -> DbResult<T>) -> DbResult<T> {
    // Refused where temporary tables are open; then it is sorted in memory.
    let _refused = connection.pragma_update(None, "temp_store", "FILE");
    let outcome = work();
    let _refused = connection.pragma_update(None, "temp_store", "MEMORY");
    outcome
}

fn check_identity(connection: &Connection) -> DbResult<()> {
    let id: i64 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    if id != APPLICATION_ID {
        return Err(DbError::NotAMirror);
    }
    let found = schema_version(connection)?;
    if found > latest_version() {
        return Err(DbError::Newer { found, known: latest_version() });
    }
    Ok(())
}

/// The schema a file was written with.
///
/// # Errors
/// The read failed.
pub fn schema_version(connection: &Connection) -> DbResult<i64> {
    Ok(connection.query_row("PRAGMA user_version", [], |row| row.get(0))?)
}

/// A check that stays cheap on large files: the header, the schema and the first pages of each table.
fn quick_check(connection: &Connection) -> DbResult<()> {
    let mut tables = connection.prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND sql NOT LIKE 'CREATE VIRTUAL%'")?;
    let names: Vec<String> = tables.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    for name in names {
        let sql = format!("SELECT 1 FROM \"{}\" LIMIT 1", name.replace('"', "\"\""));
        let mut statement = connection.prepare(&sql)?;
        let mut rows = statement.query([])?;
        let _first = rows.next()?;
    }
    Ok(())
}

fn migrate(connection: &mut Connection) -> DbResult<()> {
    let from = usize::try_from(schema_version(connection)?).unwrap_or(0);
    for (index, (name, sql)) in MIGRATIONS.iter().enumerate().skip(from) {
        let step = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        step.execute_batch(sql)?;
        step.pragma_update(None, "user_version", i64::try_from(index + 1).unwrap_or(i64::MAX))?;
        step.commit()?;
        tracing::info!(migration = name, "the mirror was migrated");
    }
    Ok(())
}

pub(super) fn integrity_problems(connection: &Connection) -> DbResult<Vec<String>> {
    let mut statement = connection.prepare("PRAGMA integrity_check(20)")?;
    let lines: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(lines.into_iter().filter(|line| line != "ok").collect())
}

#[allow(clippy::disallowed_methods, reason = "the db room opens connections")]
pub(super) fn backup(source: &Connection, target: &Path) -> DbResult<()> {
    if target.exists() {
        return Err(DbError::Exists(target.display().to_string()));
    }
    make_private(target)?;
    let mut copy = Connection::open(target)?;
    let run = rusqlite::backup::Backup::new(source, &mut copy)?;
    run.run_to_completion(4_096, Duration::ZERO, None)?;
    drop(run);
    copy.pragma_update(None, "journal_mode", "DELETE")?;
    Ok(())
}
