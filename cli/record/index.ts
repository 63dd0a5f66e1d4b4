import { dataReader } from '../../lib/app/data-reader.ts'
import { signals } from '../../lib/app/topics.ts'
import { positionKind } from '../../lib/operations/record/ranges.ts'
import { type RecordPorts, record } from '../../lib/operations/record/record.ts'
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
import { recordText } from './report.ts'

const POSITION = positionKind(Date.now())

export default command({
  about: `Write the records of a topic into a file, one JSON document a line, in the order of time: each byte for byte, with its
partition, offset and time. \`sluice replay\` publishes them again.

Reading leaves no trace: no consumer group keeps an offset. The range is fixed at the beginning, so it ends. Records of aborted
transactions are left out; an open one ends the recording before it, to be resumed.`,
  more: `
--topic is a signal (${signals().join(', ')}) or the whole name of any topic. --from and --to are start, end, now, an RFC 3339
time, a duration before now, or, with --partition, an offset; --to is the first that is left out. --filter compares as that of
\`sluice tail\` does: by the type of the event, its entity (subject), the key, or whatever else it says.

The file is gzip if its name ends in .gz. Until it is whole it is called FILE.part, with FILE.position beside it. Stopped with
Ctrl-C it ends with a whole line, and --resume continues behind the last one, in the range and with the filters of its beginning.

Each line has topic, partition, offset, timestamp (milliseconds), key, headers and value; bytes are {"text":…} or {"base64":…},
or null.

Examples:
  sluice record --topic readings --from 2h --out readings.jsonl.gz
  sluice record --topic readings --out readings.jsonl.gz --resume
  sluice record --topic alerts --from start --to 1h --filter subject=roof-1 --out roof.jsonl`,
  options: {
    topic: requiredOption('<topic>', 'a signal, or the whole name of a topic', SOME_TEXT),
    from: option('<position>', 'where to begin (default: start)', POSITION),
    to: option('<position>', 'where to end (default: now)', POSITION),
    partition: option('<n>', 'this one alone', NATURAL),
    filter: optionList('<condition>', 'only what fits; again for more conditions', CONDITION),
    out: requiredOption('<file>', 'the file to write; gzip if its name ends in .gz', SOME_TEXT),
    resume: flag('continue a stopped recording'),
    json: JSON_OPTION,
    env: environment('to look at'),
  },
  async run(options, terminal) {
    const { from, to, partition, filter: filters, out, resume, json, env } = options
    if (resume && (from !== undefined || to !== undefined || partition !== undefined || filters.length > 0))
      throw usageFailure(
        '--resume continues in the range and with the filters of the recording: leave out --from, --to, --partition and --filter.',
      )
    for (const [name, position] of [
      ['--from', from],
      ['--to', to],
    ] as const)
      if (typeof position === 'object' && 'offset' in position && partition === undefined)
        throw usageFailure(`${name} with an offset needs --partition: each partition counts its own.`)
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
