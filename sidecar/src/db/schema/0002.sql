-- Nothing was written to it yet. begun: when the occurrence began that the engine was told of last.
DROP TABLE maintenance;
CREATE TABLE maintenance (id TEXT PRIMARY KEY, body TEXT NOT NULL, begun INTEGER) STRICT, WITHOUT ROWID;

-- Runs that ended, by how: counted as they end, because runs go by age and a count must not fall.
CREATE TABLE run_total (
  node INTEGER NOT NULL, job TEXT NOT NULL, result TEXT NOT NULL, count INTEGER NOT NULL, seconds INTEGER,
  PRIMARY KEY (node, job, result)) STRICT, WITHOUT ROWID;
INSERT INTO run_total (node, job, result, count, seconds)
  SELECT node, job, result, count(*), max(ended) - began FROM run WHERE ended IS NOT NULL AND result IS NOT NULL GROUP BY node, job, result;
CREATE TRIGGER run_ended_at_once AFTER INSERT ON run WHEN NEW.ended IS NOT NULL AND NEW.result IS NOT NULL BEGIN
  INSERT INTO run_total (node, job, result, count, seconds) VALUES (NEW.node, NEW.job, NEW.result, 1, NEW.ended - NEW.began)
    ON CONFLICT (node, job, result) DO UPDATE SET count = count + 1, seconds = excluded.seconds;
END;
CREATE TRIGGER run_ended AFTER UPDATE ON run
  WHEN NEW.ended IS NOT NULL AND NEW.result IS NOT NULL AND (OLD.ended IS NULL OR OLD.result IS NULL) BEGIN
  INSERT INTO run_total (node, job, result, count, seconds) VALUES (NEW.node, NEW.job, NEW.result, 1, NEW.ended - NEW.began)
    ON CONFLICT (node, job, result) DO UPDATE SET count = count + 1, seconds = excluded.seconds;
END;
CREATE INDEX run_ended_at ON run (ended);
