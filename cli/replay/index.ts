import { dayOf } from '../../lib/history/object-key.ts'
import { SPEED } from '../../lib/operations/replay/pace.ts'
import { SHIFT_TARGET } from '../../lib/operations/replay/shift.ts'
import { either, mapped, oneOf, parsedBy, wholeNumber } from '../../packages/runtime/settings/values.ts'
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
  TIME_OR_AGO,
} from '../command.ts'
import { usageFailure } from '../failure.ts'
import { KEY_BY } from '../key-by.ts'
import { SERIALIZATION_OPTION } from '../serialization.ts'
import { CONDITION } from '../tail/filter.ts'
import { tableIn } from './plan.ts'
import { replay } from './replay.ts'

export const DAY_TEXT = 'a day such as 2026-11-20 (UTC), an RFC 3339 time, or a duration before now'

/** Kind for a day, whose value is its beginning, a time, or a duration before now; in milliseconds since the epoch. */
export const DAY_OR_TIME = either(
  parsedBy(value => {
    const timeMs = Date.parse(value)
    return !Number.isNaN(timeMs) && dayOf(timeMs) === value ? timeMs : undefined
  }, 'a day such as 2026-11-20'),
  TIME_OR_AGO,
)

/** Kind for the value of `--loop`. */
const LOOP = either(
  mapped(oneOf(['forever']), () => Number.POSITIVE_INFINITY),
  wholeNumber({ least: 1 }),
)

export default command({
  about: `Publish recordings to Kafka.

FILE is a recording from \`sluice record\`, whose records are written unchanged to the topics of the same signals; a
stream of CloudEvents (one JSON document per line), which is written to the readings topic; or a captured Lambda batch
(JSON with "records"). Each can be gzip. history:TABLE is a table of the history, of which --since and --until select a
part: history:readings, history:events, history:alerts, history:analytics or history:dead_letters. Several files are
merged by time. "-" is standard input. Files are read to their ends before anything is published. No offsets are
committed.`,
  more: `
Events that are replayed again are duplicates for every consumer that still has their ids in its deduplication window.
--shift creates new events, with ids derived from the old ones and the shift. "now" moves them as close to the current
time as consumers accept: at the recorded speed, the time of the first event is the current time, at --speed max that
of the latest one. --loop does the same for each round after the first: a round starts where the previous one ended,
with new ids. --limit and --for include all rounds; --for is recorded time.

--carry-log-time adds the append time to each record (header sluice-logtime), moved like the events, for consumers
with LOG_TIME=carried: for them it is the same log again. Without --keep-partitions, the key of a record determines
its partition.

--serialization applies to streams, whose data is JSON. Records of a log or a captured batch keep their bytes.

At the end, the number of acknowledged events is reported. If some are missing, the exit status is 1, and the command
that continues is shown: with the line (--from-line), with the number of items to skip (--skip) or, with --resume, the
same command, whose position file contains the progress.

Examples:
  sluice replay events/streams/heatwave.jsonl --speed 600 --shift now
  sluice replay readings.jsonl.gz --topic orders.copy --keep-partitions --speed max
  sluice replay history:readings --since 2026-11-20 --until 2026-11-21 --speed 60 --shift now
  sluice replay north.jsonl south.jsonl --loop forever --shift now --resume place.json`,
  args: {
    file: argumentList('the recordings, "-", or history:TABLE', SOME_TEXT),
  },
  options: {
    since: option('<time>', `records of the history written since: ${DAY_TEXT}`, DAY_OR_TIME),
    until: option('<time>', 'records of the history written before', DAY_OR_TIME),
    speed: optionWithDefault('<n>', 'speed relative to the recording, or "max"', SPEED, 1),
    shift: option(
      '<time>',
      'move the first event to "now" or an RFC 3339 time, and the others by the same time',
      SHIFT_TARGET,
    ),
    loop: optionWithDefault('<n>', 'number of times to publish the recording, or "forever"', LOOP, 1),
    env: environment('to publish to'),
    topic: option('<topic>', 'publish all records to this topic: a signal, or a full name', SOME_TEXT),
    filter: optionList(
      '<condition>',
      'publish only matching records, as in `sluice tail`; can be repeated',
      CONDITION,
    ),
    fromLine: optionWithDefault('<n>', 'start with this line of a file, or record of a batch', POSITIVE, 1),
    skip: optionWithDefault('<n>', 'number of selected items to skip; --limit includes them', NATURAL, 0),
    limit: option('<n>', 'maximum number of events to publish', POSITIVE),
    for: option('<duration>', 'end after this much recorded time, such as 90m', DURATION),
    mode: option(
      '<mode>',
      'content mode of events from a stream (default: CONTENT_MODE, else binary)',
      oneOf(['binary', 'structured']),
    ),
    keyBy: option(
      '<strategy>',
      'key the events of a stream by instance, type, tenant, random, or a field such as location.site',
      KEY_BY,
    ),
    serialization: SERIALIZATION_OPTION,
    keepPartitions: flag('keep the partitions of records, regardless of their keys'),
    carryLogTime: flag('add the original append time to each record'),
    skipInvalid: flag('skip lines that cannot be read, and count them'),
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
    if ((options.since ?? options.until) !== undefined && files.every(file => tableIn(file) === undefined))
      throw usageFailure('--since and --until are for history:TABLE. Use --for and --skip for files.')
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
