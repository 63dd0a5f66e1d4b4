/** Formats the report of a proposal. Pure. */
import type { Proposal } from '../../lib/operations/propose/propose.ts'
import { count } from '../../lib/support/count.ts'
import { formatList } from '../output/table.ts'
import { escapeTextLines } from '../output/text-width.ts'
import type { Sample } from '../sample-records.ts'

/** Maximum number of refused records and of shapes that are listed. */
const MAX_LISTED = 5

/**
 * Formats what was read and proposed, and what to do next.
 *
 * @param from the argument of the command
 * @param written files that were written; empty after a dry run
 */
export function formatReport(
  name: string,
  proposal: Proposal,
  { name: sample, isTopic, records }: Pick<Sample, 'name' | 'isTopic' | 'records'>,
  from: string,
  written: readonly string[],
): string {
  const { draft, shapes, refused, family } = proposal
  const topic = isTopic ? sample : 'TOPIC'
  const lines = [
    `Read ${count(records.length, 'record')} of ${sample}.`,
    ...(shapes.length > 1 ? formatShapes(shapes) : []),
    ...(family
      ? [`The family ${name} has ${formatParts(draft)}.`]
      : ['The records name their metric: they become readings of the family metrics.']),
    ...(refused.length === 0 ? ['The drafts take every record of this shape.'] : formatRefused(refused)),
    ...written.map(file => `Wrote ${file}`),
    '',
    'Next:',
    ...formatList(
      [
        [
          `sluice mappings try ${quoteWord(from)} --mapping ${name}`,
          'shows each record as a reading, or why it is refused',
        ],
        ['npm start', 'reads the topic, once config/inputs.yaml lists it below `inputs:`'],
      ],
      '  ',
    ),
    '',
    'inputs:',
    `  - topic: ${topic}`,
    `    mappings: [${name}]`,
  ]
  return escapeTextLines(`${lines.join('\n')}\n`)
}

function formatParts({ family }: Proposal['draft']): string {
  const { metrics = [], states = [], tags = [] } = family ?? {}
  return [count(metrics.length, 'metric'), count(states.length, 'state'), count(tags.length, 'tag')].join(
    ', ',
  )
}

function formatShapes(shapes: Proposal['shapes']): string[] {
  const rows = shapes
    .slice(0, MAX_LISTED)
    .map(({ names, count: number }) => [count(number, 'record'), names.join(', ')])
  const more = shapes.length > MAX_LISTED ? [`  and ${shapes.length - MAX_LISTED} further shapes`] : []
  return [
    `They have ${shapes.length} shapes. The drafts are for the first one; for another, save its records as a file:`,
    ...formatList(rows, '  '),
    ...more,
  ]
}

function formatRefused(refused: Proposal['refused']): string[] {
  const rows = refused.slice(0, MAX_LISTED).map(({ place, reason }) => [place, reason])
  const more = refused.length > MAX_LISTED ? [`  and ${refused.length - MAX_LISTED} more`] : []
  return [`The drafts do not take ${count(refused.length, 'record')}:`, ...formatList(rows, '  '), ...more]
}

function quoteWord(word: string): string {
  return /^[\w./@%+:,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}
