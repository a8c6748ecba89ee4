//! What runs came to, for Prometheus.

use rusqlite::{Connection, params};

use crate::error::Result;
use crate::people::Customers;

/// Runs of a job that are counted together.
#[derive(Clone, Debug, PartialEq)]
pub struct Counted {
    /// Whose the node is.
    pub customer: String,
    /// As in topics.
    pub node: String,
    /// Of which job.
    pub job: String,
    /// How they ended; `None` for all of the last time, which [`Self::good`] and [`Self::bytes`] are about.
    pub result: Option<String>,
    /// How many.
    pub count: i64,
    /// How many of them ended well, with warnings or without.
    pub good: i64,
    /// How long the last one took.
    pub seconds: Option<i64>,
    /// Size of everything the last good one saw. What an agent says may be larger than any whole number of SQL.
    pub bytes: Option<f64>,
}

/// Runs that ended, of these customers' members: by result, all that ever did; and those since `since` together.
///
/// # Errors
///
/// What the database says.
pub fn runs(connection: &Connection, whose: &Customers, since: i64) -> Result<Vec<Counted>> {
    let sql = "WITH theirs AS (SELECT node.id, node.name, customer.name AS customer FROM node
            JOIN customer ON customer.id = node.customer
            WHERE node.state = 'member' AND (?1 IS NULL OR customer.name IN (SELECT value FROM json_each(?1))))
        SELECT theirs.customer, theirs.name, job, result, count, 0.0, seconds, NULL
            FROM run_total JOIN theirs ON theirs.id = run_total.node
        UNION ALL
        SELECT theirs.customer, theirs.name, job, NULL, count(*), total(result IN ('ok', 'warnings')), NULL,
            (SELECT json_extract(last.view, '$.source_bytes') FROM run AS last WHERE last.node = theirs.id AND last.job = run.job
                AND last.result IN ('ok', 'warnings') ORDER BY last.began DESC LIMIT 1)
            FROM run JOIN theirs ON theirs.id = run.node WHERE ended >= ?2 AND result IS NOT NULL
            GROUP BY theirs.id, job";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(params![whose.write(), since], |row| {
        #[expect(clippy::cast_possible_truncation, reason = "a count of rows")]
        let good = row.get::<_, f64>(5)? as i64;
        Ok(Counted {
            customer: row.get(0)?,
            node: row.get(1)?,
            job: row.get(2)?,
            result: row.get(3)?,
            count: row.get(4)?,
            good,
            seconds: row.get(6)?,
            bytes: row.get(7)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
