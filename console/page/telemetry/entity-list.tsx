/** List of entities. Those that are chosen, or that the filter gives, are shown on one chart. */

import type { JSX } from 'preact'
import type { QuestionRows } from '../../api/questions.ts'
import { buildAddress } from '../client/address.ts'
import { useLines, useParameters } from '../client/url-parameters.ts'
import { formatNumber } from '../components/value-texts.ts'
import { QuestionList } from '../questions/question-list.tsx'
import { MAX_CHART_LINES } from './entity-series.ts'

/** Entity with its family before it. */
const toLine = ({ family, entity }: QuestionRows['/telemetry/entities']) => `${family} ${entity}`

export function EntityList(): JSX.Element {
  const [chosen, toggle] = useLines('chosen')
  const [, change] = useParameters()
  return (
    <QuestionList
      path="/telemetry/entities"
      action={row => (
        <input
          type="checkbox"
          aria-label={`Choose ${row.entity}`}
          checked={chosen.includes(toLine(row))}
          onChange={() => toggle(toLine(row))}
        />
      )}
    >
      {({ rows, more }, { metric }) => {
        const lines = chosen.length > 0 ? chosen : [...new Set(rows.map(toLine))]
        const families = Map.groupBy(lines, line => line.slice(0, line.indexOf(' ')))
        return (
          lines.length > 0 && (
            <p class="row">
              {chosen.length > 0 && `${chosen.length} of ${formatNumber(rows.length + more)} chosen. `}
              On one chart:
              {[...families].map(([family, own]) => {
                // The chart names those that it leaves out.
                const entities = own.slice(0, 2 * MAX_CHART_LINES).map(line => line.slice(family.length + 1))
                const query = { family, metric, entities: entities.join('\n'), of: own.length }
                const count =
                  own.length > MAX_CHART_LINES
                    ? `the first ${MAX_CHART_LINES} of ${formatNumber(own.length)}`
                    : own.length
                return (
                  <a key={family} href={buildAddress('/telemetry/chart', query)}>
                    {family}: {count}
                  </a>
                )
              })}
              {chosen.length > 0 && (
                <button type="button" class="secondary outline" onClick={() => change({ chosen: '' })}>
                  Choose none
                </button>
              )}
            </p>
          )
        )
      }}
    </QuestionList>
  )
}
