import { SPEED } from '../../lib/operations/replay/pace.ts'
import { SHIFT_TARGET } from '../../lib/operations/replay/shift.ts'
import { either, mapped, oneOf, wholeNumber } from '../../packages/runtime/settings/values.ts'
import {
  argumentList,
  command,
  DURATION,
  environment,
  flag,
  JSON_OPTION,
  NATURAL,
  option,
  optionList,
  optionWithDefault,
  POSITIVE,
  SOME_TEXT,
} from '../command.ts'
import { usageFailure } from '../failure.ts'
import { KEY_BY } from '../key-by.ts'
import { SERIALIZATION_OPTION } from '../serialization.ts'
import { CONDITION } from '../tail/filter.ts'
import { replay } from './replay.ts'

/** Kind of `--loop`. */
const LOOP = either(
  mapped(oneOf(['forever']), () => Number.POSITIVE_INFINITY),
  wholeNumber({ least: 1 }),
)

export default command({
  about: `Publish recordings to Kafka.

FILE is what \`sluice record\` wrote, whose records go byte for byte to the topics of the same signals; a stream of CloudEvents
(JSON, one a line), which goes to the readings topic; or a captured Lambda batch (JSON with "records"). Each can be gzip. Several
are merged by time. "-" is standard input. Files are read to their ends before anything is published. No consumer group is touched.`,
  more: `
Replayed once more, the same events are duplicates to every consumer that has seen them within its memory of ids.
--shift makes new events of them, with ids that follow from the old ones and the shift. "now" brings them as near to
the present as consumers accept: at recorded pace the first event is now, at --speed max the latest one is.
--loop does the same for each round after the first: it begins where the round before it ended, with ids of its own. --limit and --for
count all rounds; --for is recorded time.

--carry-log-time gives each record the time at which it was appended (header sluice-logtime), moved as the events are, for consumers
with LOG_TIME=carried: to them it is the same log again. Without --keep-partitions, a key goes to its partition of the topic.

--serialization is for streams, whose data is JSON. Records of a log or a captured batch keep the bytes that they have.

The end reports the number of acknowledged events. If some are missing, the exit status is 1, and the command that continues is shown: with the line
(--from-line), with how many to pass over (--skip), or, with --resume, by the same command: its file says how far the replay has come.

Examples:
  sluice replay events/streams/heatwave.jsonl --speed 600 --shift now
  sluice replay readings.jsonl.gz --topic orders.copy --keep-partitions --speed max
  sluice replay north.jsonl south.jsonl --loop forever --shift now --resume place.json`,
  args: {
    file: argumentList('the recordings, or "-"', SOME_TEXT),
  },
  options: {
    speed: optionWithDefault('<n>', 'a multiple of the recorded pace, or "max"', SPEED, 1),
    shift: option(
      '<time>',
      'move the first event to "now" or an RFC 3339 time, the others with it',
      SHIFT_TARGET,
    ),
    loop: optionWithDefault('<n>', 'publish all of it so often, or "forever"', LOOP, 1),
    env: environment('to publish to'),
    topic: option('<topic>', 'publish to this one: a signal, or the whole name of a topic', SOME_TEXT),
    filter: optionList('<condition>', 'only what fits, as in `sluice tail`; again for more', CONDITION),
    fromLine: optionWithDefault('<n>', 'begin with this line of a file, or record of a batch', POSITIVE, 1),
    skip: optionWithDefault(
      '<n>',
      'pass over so many of what would be published; --limit counts them',
      NATURAL,
      0,
    ),
    limit: option('<n>', 'maximum number of events to publish', POSITIVE),
    for: option('<duration>', 'end after so much recorded time, such as 90m', DURATION),
    mode: option(
      '<mode>',
      'how a stream is written (default: CONTENT_MODE, else binary)',
      oneOf(['binary', 'structured']),
    ),
    keyBy: option(
      '<strategy>',
      'key the events of a stream by instance, type, tenant, random, or a field such as location.site',
      KEY_BY,
    ),
    serialization: SERIALIZATION_OPTION,
    keepPartitions: flag('put records where they came from, whatever their keys say'),
    carryLogTime: flag('let each record carry the time at which it was appended'),
    skipInvalid: flag('leave out lines that cannot be read, and count them'),
    resume: option(
      '<file>',
      'keep the position in this file, and continue from it if the file exists',
      SOME_TEXT,
    ),
    json: JSON_OPTION,
  },
  run({ file: files, ...options }, terminal) {
    if (files.length > 1 && files.includes('-'))
      throw usageFailure('"-" is for one recording: several are merged from files.')
    const {
      filter: filters,
      limit,
      for: forMs,
      keepPartitions,
      carryLogTime,
      skipInvalid,
      ...others
    } = options
    return replay(
      {
        ...others,
        files,
        filters,
        limit: limit ?? Number.POSITIVE_INFINITY,
        forMs: forMs ?? Number.POSITIVE_INFINITY,
        keepPartitions,
        carryLogTime,
        skipInvalid,
      },
      terminal,
    )
  },
})
