-- Nodes that were only known of counted as connected. Of these nothing was ever heard.
UPDATE alert_part SET body = json_set(body, '$.unheard', json('true'))
  WHERE kind = 2 AND CASE WHEN json_valid(body) THEN json_extract(body, '$.presence') END = 'online' AND key IN (
    SELECT name FROM node WHERE seen = 0 AND NOT EXISTS (SELECT 1 FROM stream WHERE stream.node = node.id));
