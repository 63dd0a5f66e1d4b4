import { flagField, nameField, numberField, optionField, withInitial } from '../../control/questions/field.ts'
import { SPEED } from '../../control/recordings/replay/pace.ts'
import { SHIFT_TARGET } from '../../control/recordings/replay/time-shift.ts'
import { command, environment, JSON_OPTION, POSITIVE } from '../command.ts'
import { publishRecording } from './publish-recording.ts'

export default command({
  about: `Publish a recording to Kafka.

FILE is a recording from \`sluice consume --json\`, whose records are written unchanged to the topics of the same signals;
a stream of CloudEvents (one JSON document per line), which is written to the readings topic; or a captured Lambda batch
(JSON with "records"). If its name ends in .gz, it is decompressed. It is read to its end before anything is published.
No offsets are committed.`,
  more: `
Events that are replayed again are duplicates for every consumer that still has their ids in its deduplication window.
--shift creates new events, with ids derived from the old ones and the shift. "now" moves them as close to the current
time as consumers accept: at the recorded speed, the time of the first event is the current time, at --speed max that
of the latest one.

--carry-log-time adds the append time to each record (header sluice-logtime), moved like the events, for consumers
with LOG_TIME=carried: for them it is the same log again. Without --keep-partitions, the key of a record determines
its partition.

The events of a stream have the content mode, the format and the keys that the settings say. Records of a log or a
captured batch keep theirs.

At the end, the number of acknowledged events is reported. If some are missing, the exit status is 1, and the options
that continue are shown.

Examples:
  sluice replay events/streams/heatwave.jsonl --speed 600 --shift now
  sluice replay readings.jsonl --topic orders.copy --keep-partitions --speed max`,
  fields: {
    file: nameField('the recording'),
    speed: withInitial(optionField('<n>', 'speed relative to the recording, or "max"', SPEED), 1),
    shift: optionField(
      '<time>',
      'move the first event to "now" or an RFC 3339 time, and the others by the same time',
      SHIFT_TARGET,
    ),
    env: environment('to publish to'),
    topic: optionField('<topic>', 'publish all records to this topic: a signal, or a full name'),
    skip: withInitial(numberField('number of events to skip at the start'), 0),
    limit: numberField('maximum number of events to publish', POSITIVE),
    keepPartitions: flagField('keep the partitions of records, regardless of their keys'),
    carryLogTime: flagField('add the original append time to each record'),
    json: JSON_OPTION,
  },
  run: publishRecording,
})
