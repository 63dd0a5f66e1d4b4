import { isUtf8 } from 'node:buffer'
import { mappingsByTopic, readFunctions } from '../../lib/app/functions.ts'
import { MAPPINGS, readSettings } from '../../lib/app/settings/index.ts'
import { signalIn, signals } from '../../lib/app/topics.ts'
import type { Mapping } from '../../lib/mapping/mapping.ts'
import { readyNames } from '../../lib/operations/import/mapping-named.ts'
import { type Trial, tried, UNTAKEN } from '../../lib/operations/import/trial.ts'
import { suggestion } from '../../lib/similar.ts'
import { argument, command, flag, option, optionList, SOME_TEXT } from '../command.ts'
import { CliFailure, usageFailure } from '../failure.ts'
import { inputBytes, inputName } from '../input.ts'
import { mappingsIn, mappingsNamed } from '../mapping-option.ts'
import { columnsOf, type Terminal } from '../terminal.ts'
import { recordsIn } from './records.ts'
import { summaryText, verdictText } from './text.ts'

export default command({
  about: `Show the result of mappings for each record of a file: the event that a consumer would get, or the reason why there is none. No server is needed.

FILE has JSON lines, a JSON array, or CSV with a header; "-" is standard input. A cell of a CSV file is a number if it looks like one. Without
--mapping and --topic, all mappings of MAPPINGS_DIR are tried, in the order of their names.`,
  more: `
Where no mapping takes a record, each names its first condition that is not met. Data is judged by the schema of its type. The time null stands
for that of the record in Kafka. The id of the event is not shown, because it can depend on topic, partition and offset.

Output of --json: each line is one record with line, accepted, and mapping, others (that take it, too) and event, or code and reason. The exit
status is 1 if none was mapped, or if one failed; those that no mapping takes do not count.

Examples:
  sluice mappings try readings.csv
  sluice mappings try export.jsonl --mapping ./mine.yaml
  sluice mappings try - --topic readings --json`,
  args: {
    file: argument('the records, or "-"', SOME_TEXT),
  },
  options: {
    mapping: optionList('<name>', 'try this mapping, a name or a file; again for more', SOME_TEXT),
    topic: option('<topic>', 'try the mappings of this topic: a signal, or a whole name', SOME_TEXT),
    json: flag('print one JSON document a record'),
  },
  run: async ({ file, mapping, topic, json }, terminal) => {
    const names = await namesOf(mapping, topic, terminal)
    await tryMappings(file, await mappingsNamed(names, terminal), json, terminal)
  },
})

/** Tries the mappings on a file. @throws OperationFailure if the file cannot be read, a record fails, or no record is mapped */
async function tryMappings(
  file: string,
  mappings: readonly Mapping[],
  json: boolean,
  terminal: Terminal,
): Promise<void> {
  const name = inputName(file)
  const bytes = await inputBytes(file, terminal)
  if (!isUtf8(bytes)) throw new CliFailure(`${name}: the text is not UTF-8`)
  const records = await recordsIn(file, bytes.toString())
  if (records.length === 0) throw new CliFailure(`${name}: contains no record`)
  const trials = records.map(({ line, record }) => ({ line, ...shown(tried(mappings, record)) }))
  const columns = columnsOf(terminal)
  for (const trial of trials) {
    const place = [`${name}:${trial.line}`, ...(trial.accepted ? [trial.mapping] : [])].join(' ')
    terminal.stdout.write(json ? `${JSON.stringify(trial)}\n` : verdictText(place, trial, columns))
  }
  if (!json) terminal.stdout.write(summaryText(trials))
  if (!trials.some(({ accepted }) => accepted)) throw new CliFailure('No record was mapped.')
  const failed = trials.filter(one => !one.accepted && !UNTAKEN.has(one.code)).length
  if (failed > 0) throw new CliFailure(`${failed} of ${trials.length} records failed.`)
}

/** Returns the result to show. The id of the event is omitted, because it can depend on the topic. */
function shown(trial: Trial) {
  if (!trial.accepted) return trial
  const { type, source, subject, time = null, data } = trial.event
  return { ...trial, event: { type, source, subject, time, data } }
}

async function namesOf(
  mapping: readonly string[],
  topic: string | undefined,
  terminal: Terminal,
): Promise<readonly string[]> {
  if (mapping.length > 0 && topic !== undefined)
    throw usageFailure(
      '--mapping selects mappings by name, and --topic the mappings of a topic: use only one of them.',
    )
  if (mapping.length > 0) return mapping
  if (topic === undefined) return readyNames(mappingsIn(terminal))
  const { topicMappings } = readSettings([MAPPINGS], terminal.environment)
  const byTopic = mappingsByTopic(readFunctions(), topicMappings)
  const found = byTopic.find(one => one.topic === (signalIn(topic) ?? topic))
  if (found !== undefined) return found.mappings
  const known = [...signals(), ...byTopic.map(one => one.topic)]
  const meant = known.includes(topic) ? '' : (suggestion(topic, known) ?? '')
  throw new CliFailure(
    `The topic ${topic} has no mappings.${meant} Specify one with --mapping, or configure some with TOPIC_MAPPINGS.`,
  )
}
