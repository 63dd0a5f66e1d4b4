import { dataReader } from '../../lib/app/data-reader.ts'
import { signals } from '../../lib/app/topics.ts'
import { count } from '../../lib/count.ts'
import { durationText } from '../../lib/duration.ts'
import { positionKind } from '../../lib/operations/record/ranges.ts'
import { type RecordPorts, type RecordReport, record } from '../../lib/operations/record/record.ts'
import { topicOf } from '../../lib/operations/state-keys.ts'
import type { TopicReach } from '../../lib/queries/topics.ts'
import {
  command,
  environment,
  flag,
  JSON_OPTION,
  NATURAL,
  option,
  optionList,
  requiredOption,
  SOME_TEXT,
} from '../command.ts'
import { CommandConnections } from '../command-connections.ts'
import { configOf } from '../connections.ts'
import { usageFailure } from '../failure.ts'
import { showLine } from '../progress.ts'
import { progressText } from '../progress-text.ts'
import { CONDITION } from '../tail/filter.ts'
import { pathIn, printReport } from '../terminal.ts'
import { reachOf } from '../topics.ts'

export function recordText(report: RecordReport): string {
  const { recorded, filtered, withoutRecord, expired, oversize, missing, elapsedMs } = report
  const parts: [number: number, what: string, text: string][] = [
    [filtered, 'record', 'did not match the filters'],
    [withoutRecord, 'offset', 'without a record (markers of transactions, aborted transactions, compaction)'],
    [expired, 'offset', 'expired before the reading, and missing from the file'],
    [oversize, 'record', 'too large to be read, written without a value, which cannot be replayed'],
    [missing, 'offset', 'not recorded yet'],
  ]
  const notes = parts.filter(([number]) => number > 0)
  const lines = notes.map(([number, what, text]) => `${count(number, what)} ${text}\n`)
  return `${count(recorded, 'record')}, in ${durationText(elapsedMs)}\n${lines.join('')}`
}

const POSITION = positionKind(Date.now())

export default command({
  about: `Write the records of a topic to a file, one JSON document per line, in order of time, with their exact bytes,
partition, offset and time. \`sluice replay\` publishes them again.

Reading commits no offsets. The range is fixed at the start, so the recording ends. Records of aborted transactions
are omitted; at an open transaction, the recording stops and can be resumed later.`,
  more: `
--topic is a signal (${signals().join(', ')}) or the whole name of any topic. --from and --to are start, end, now, an RFC 3339
time, a duration before now, or, with --partition, an offset; --to is the first that is left out. --filter compares as that of
\`sluice tail\` does: by the type of the event, its entity (subject), the key, or whatever else it says.

The file is compressed with gzip if its name ends in .gz. Until it is complete, it is named FILE.part, and
FILE.position contains its position. When stopped with Ctrl-C, it ends with a whole line, and --resume continues after
it, with the original range and filters.

Each line has topic, partition, offset, timestamp (milliseconds), key, headers and value; bytes are {"text":…} or
{"base64":…}, or null.

Examples:
  sluice record --topic readings --from 2h --out readings.jsonl.gz
  sluice record --topic readings --out readings.jsonl.gz --resume
  sluice record --topic alerts --from start --to 1h --filter subject=roof-1 --out roof.jsonl`,
  options: {
    topic: requiredOption('<topic>', 'signal, or full name of a topic', SOME_TEXT),
    from: option('<position>', 'where to start (default: start)', POSITION),
    to: option('<position>', 'where to end (default: now)', POSITION),
    partition: option('<n>', 'record only this partition', NATURAL),
    filter: optionList('<condition>', 'record only matching records; can be repeated', CONDITION),
    out: requiredOption('<file>', 'file to write; compressed if its name ends in .gz', SOME_TEXT),
    resume: flag('continue a stopped recording'),
    json: JSON_OPTION,
    env: environment('to look at'),
  },
  async run(options, terminal) {
    const { from, to, partition, filter: filters, out, resume, json, env } = options
    if (resume && (from !== undefined || to !== undefined || partition !== undefined || filters.length > 0))
      throw usageFailure(
        '--resume continues with the range and the filters of the recording: omit --from, --to, --partition and --filter.',
      )
    for (const [name, position] of [
      ['--from', from],
      ['--to', to],
    ] as const)
      if (typeof position === 'object' && 'offset' in position && partition === undefined)
        throw usageFailure(`${name} with an offset needs --partition: offsets are counted per partition.`)
    const config = configOf(terminal, env)
    const topic = topicOf({ topic: options.topic }, config.env)
    const connections = new CommandConnections(config)
    const startedMs = performance.now()
    const ports: RecordPorts = {
      log: () => connections.log(),
      reach: async timeMs => (await reachOf(connections, config, [topic], timeMs)).get(topic) as TopicReach,
      reader: dataReader(config),
      pathOf: file => pathIn(terminal, file),
      stop: terminal.stop,
      notice: text => terminal.stderr.write(`${text}\n`),
      watch: progress =>
        showLine(terminal, () =>
          progressText({ ...progress(), elapsedMs: performance.now() - startedMs }, 'offsets read'),
        ),
      report: report => printReport(terminal, report, json, recordText),
    }
    const plan = { topic, from: from ?? 'start', to: to ?? 'end', partition, filters, out, resume } as const
    await record(plan, ports).finally(() => connections.close())
  },
})
