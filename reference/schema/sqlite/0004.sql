-- Uploads: payloads that come in parts, and messages that name the payload of an upload.

-- An upload has a size; nothing of it is a payload before it is sealed.
ALTER TABLE payload ADD COLUMN size INTEGER;                       -- bytes it shall have
ALTER TABLE payload ADD COLUMN chunk INTEGER;                      -- bytes of a piece but the last
ALTER TABLE payload ADD COLUMN digest BLOB;                        -- its sender's claim, if any
ALTER TABLE payload ADD COLUMN reached INTEGER NOT NULL DEFAULT 0; -- bytes it has for good
ALTER TABLE payload ADD COLUMN sealed INTEGER NOT NULL DEFAULT 1;
CREATE INDEX payload_open ON payload (expires) WHERE sealed = 0;

ALTER TABLE message ADD COLUMN upload INTEGER NOT NULL DEFAULT 0;  -- 1 an upload's record, 2 named
ALTER TABLE message ADD COLUMN payload TEXT;                       -- the upload that it names
ALTER TABLE message ADD COLUMN chunk INTEGER NOT NULL DEFAULT 1048576; -- as the payload's
CREATE INDEX message_payload ON message (payload) WHERE payload IS NOT NULL;
ALTER TABLE past ADD COLUMN upload INTEGER NOT NULL DEFAULT 0;
