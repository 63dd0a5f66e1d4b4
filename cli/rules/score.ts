import { MAPPINGS, REGISTRY, readSettings } from '../../lib/app/settings/index.ts'
import { UTC_OFFSET } from '../../lib/operations/import/instant.ts'
import { sourceOf } from '../../lib/operations/replay/source.ts'
import { firingsIn } from '../../lib/operations/rule-score/firings.ts'
import type { Label } from '../../lib/operations/rule-score/label.ts'
import { readLabels } from '../../lib/operations/rule-score/labels.ts'
import { recordedEntities, watchesIn } from '../../lib/operations/rule-score/recorded.ts'
import { readRecording } from '../../lib/operations/rule-score/recording.ts'
import { reportOf, type ScoreReport } from '../../lib/operations/rule-score/report.ts'
import { rulesAt } from '../../lib/operations/rule-score/rules.ts'
import {
  argument,
  command,
  flag,
  option,
  optionWithDefault,
  requiredOption,
  SOME_TEXT,
  type ValuesOf,
} from '../command.ts'
import { CliFailure } from '../failure.ts'
import { MAPPING, readerWith } from '../mapping-option.ts'
import { pathIn, printReport, type Terminal } from '../terminal.ts'
import { scoreText } from './score-text.ts'

type ScoreOptions = ValuesOf<typeof OPTIONS>

const OPTIONS = {
  labels: requiredOption('<file>', 'file with the labels of the anomalies', SOME_TEXT),
  rules: option(
    '<path>',
    'rule file, or folder with rule files (default: RULES_DIR, else "config/rules")',
    SOME_TEXT,
  ),
  utcOffset: optionWithDefault(
    '<±hh:mm>',
    'the offset from UTC of windows without a zone',
    UTC_OFFSET,
    '+00:00',
  ),
  mapping: MAPPING,
  json: flag('print one JSON document'),
}

export default command({
  about: `Measure how well alert rules find labelled anomalies in recorded readings, without a server.

FILE is a recording in the format of \`sluice import\`, \`sluice generate\` and \`sluice replay\`. The alerting function
itself reads it, with the same clock and timers as in a deployment. Its alerts are compared with the labels:
precision, recall, delay and false alerts per day, for each rule and for all together, with lists of missed anomalies
and false alerts.`,
  more: `
Labels are a JSON array of {entity, metric, from, to, kind}, as written by \`sluice generate\`; metric and kind are
optional. The windows of the Numenta Anomaly Benchmark are also supported: an object with the windows of each file,
whose name is that of the entity. docs/detection.md defines found anomalies and false alerts.

A recording of a topic is read by the mappings of that topic; --mapping names others. Plain JSON needs \`sluice import --mapping\` first.

Examples:
  sluice rules score office.jsonl --labels windows.json --rules config/rules/office.yaml
  sluice rules score simulated.jsonl --labels labels.json --json`,
  args: {
    file: argument('the recording, or "-"', SOME_TEXT),
  },
  options: OPTIONS,
  run: (values, terminal) =>
    score(values, terminal).catch(error => {
      // If the user has stopped the command, there is no score, because the recording has not been read completely.
      if (!terminal.stop.aborted) throw error
    }),
})

async function score(
  { file, ...options }: ScoreOptions & { readonly file: string },
  terminal: Terminal,
): Promise<void> {
  const named = options.rules ?? (terminal.environment.RULES_DIR || 'config/rules')
  const rules = await rulesAt(pathIn(terminal, named), named, left =>
    terminal.stderr.write(
      `Not scored, because they use more than readings of one entity: ${left.join(', ')}\n`,
    ),
  )
  const labels = await readLabels(pathIn(terminal, options.labels), options.labels, options.utcOffset)
  const source = await sourceOf(file, terminal)
  const { readings, others } = await readRecording(
    source,
    await readerWith(readSettings([MAPPINGS, REGISTRY], terminal.environment), options.mapping, terminal),
  )
  const watches = watchesIn(readings, rules)
  if (watches.every(({ entities }) => entities.size === 0))
    throw new CliFailure(
      `${source.name}: no rule matches a reading of the recording, so there is nothing to score`,
    )
  const recorded = recordedEntities(readings, labels)
  const { firings, duplicates } = await firingsIn(readings, rules, source.name, terminal.stop)
  const evidence = { firings, labels, recorded, watches, readings: readings.length, duplicates, others }
  const report = reportOf(evidence)
  requireLabels(labels, report, options.labels, [...recorded.values()][0]?.subject)
  printReport(terminal, report, options.json, scoreText)
}

/**
 * Checks that the labels belong to the recording. An empty list means that the recording has no anomalies. If none of the labels
 * match a reading, they belong to another recording.
 */
function requireLabels(
  labels: readonly Label[],
  { total }: ScoreReport,
  file: string,
  entity: string | undefined,
): void {
  const [first] = labels
  if (first === undefined || total.windows > 0) return
  throw new CliFailure(
    `${file}: none of its ${labels.length} labels matches the recording: the first is of ${first.entity}, and the first entity of the recording is ${entity}`,
  )
}
