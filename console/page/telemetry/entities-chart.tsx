/** Chart of one metric of several entities of a family. */

import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { ShownMetric } from '../../../control/tables/entity-statistics.ts'
import type { EntityHistory } from '../../api/telemetry/entity-history.ts'
import { sliceColumns } from '../charts/chart-series.ts'
import { getLook } from '../charts/line-looks.ts'
import { TimeChart } from '../charts/time-chart.tsx'
import { splitLines, useLines, useParameter, useParameters } from '../client/url-parameters.ts'
import { AnswerView, EmptyMessage } from '../components/answer-view.tsx'
import { Choice } from '../components/form-fields.tsx'
import { splitEntity } from '../components/labels.tsx'
import { formatCount, formatNumber } from '../components/value-texts.ts'
import { ChartBar, useHistory } from './chart-history.tsx'
import { type ChartRange, findBeginMs, formatPeriod, QUARTER } from './chart-range.ts'
import { formatLabel, formatReadout } from './entity-charts.tsx'
import { MAX_CHART_LINES, toColumns, toSpans } from './entity-series.ts'
import { formatTitle, formatUnit, formatValue } from './telemetry-texts.ts'

export function EntitiesChartPage(): JSX.Element {
  const [{ entities = '' }] = useParameters()
  if (entities) return <EntitiesChart all={splitLines(entities)} />
  return (
    <EmptyMessage>
      Choose entities of a family in the <a href="/telemetry">list</a>: they are shown on one chart.
    </EmptyMessage>
  )
}

function EntitiesChart({ all }: { readonly all: readonly string[] }): JSX.Element {
  const [{ family = '', of = '' }] = useParameters()
  const [metric, setMetric] = useParameter('metric')
  const [shown, named] = [all.slice(0, MAX_CHART_LINES), all.slice(MAX_CHART_LINES)]
  const history = useHistory({ entities: shown.join('\n'), family, metric }, QUARTER)
  const unnamed = Math.max(0, (Number(of) || 0) - all.length)
  const left = [
    ...named.map(entity => splitEntity(entity).subject || entity),
    ...(unnamed > 0 ? [`${formatNumber(unnamed)} more`] : []),
  ]
  return (
    <AnswerView of={history} what="the history of the entities">
      {answer => {
        const [name = metric] = answer.drawn
        const { unit = '', is = 'gauge' } = answer.metrics.find(own => own.name === name) ?? {}
        return (
          <section class="card">
            <h2>
              {formatTitle(name, is, answer.step)}
              {formatUnit(unit)} {formatPeriod(answer, history.range, Date.now())}
            </h2>
            <ChartBar of={history} otherwise={QUARTER}>
              <Choice
                label="Metric"
                value={name}
                set={setMetric}
                options={answer.metrics.map(({ name }) => [name, name])}
              />
            </ChartBar>
            {left.length > 0 && (
              <p class="warn">
                A chart has at most {MAX_CHART_LINES} entities. Left out: {left.join(', ')}.
              </p>
            )}
            <Lines {...{ answer, name, unit, is }} range={history.range} />
          </section>
        )
      }}
    </AnswerView>
  )
}

type LinesProps = { answer: EntityHistory; range: ChartRange } & ShownMetric

function Lines({ answer, name, unit, is, range }: LinesProps): JSX.Element {
  const { endsMs: toMs, step } = answer
  const [hidden, toggle] = useLines('hidden')
  const [emphasized, emphasize] = useState<number>()
  const all = answer.entities.map(({ lines }) => toColumns(lines[name], answer, is))
  const fromMs = findBeginMs(answer, range)
  const subjects = new Set(answer.entities.map(({ entity }) => splitEntity(entity).subject))
  const entities = answer.entities.map(({ entity, leftOut, alerts }, place) => {
    const columns = all[place] ?? { times: [], lists: [] }
    const within = sliceColumns(columns, fromMs, toMs).lists
    const last = within[0]?.findLast(value => typeof value === 'number')
    return {
      ...getLook(place),
      ...{ entity, place, columns, within, isHidden: hidden.includes(entity) },
      name: (subjects.size === all.length && splitEntity(entity).subject) || entity,
      spans: toSpans(alerts, name, toMs).map(span => ({ ...span, columns })),
      why: leftOut ?? (last === undefined ? 'no values in this time' : undefined),
      last: formatValue(last ?? 0, unit),
    }
  })
  const lines = entities.filter(({ isHidden }) => !isHidden)
  const marks = { levels: [], bands: [], spans: lines.flatMap(({ spans }) => spans) }
  const lists = lines.flatMap(({ within }) => within)
  const title = formatTitle(name, is, step)
  const label = formatLabel({ name: title, unit, range, lists, limits: [], spans: marks.spans.length })
  return (
    <>
      <TimeChart
        {...{ lines, fromMs, toMs, marks }}
        emphasized={lines.find(({ place }) => place === emphasized)?.place}
        height={300}
        label={`${formatCount(lines.length, 'entity', 'entities')}, ${label}`}
        readout={(at, line) => formatReadout(lines[line]?.columns ?? { times: [], lists: [] }, at, unit)}
        legend={{ step, is }}
      />
      <ul class="row" aria-label="Entities">
        {entities.map(({ entity, place, isHidden, name, why, last, color, isDashed }) => (
          <li key={entity}>
            <button
              type="button"
              class="sort"
              title={entity}
              aria-pressed={!isHidden}
              onClick={() => toggle(entity)}
              {...whilePointedAt(isPointed => emphasize(isPointed ? place : undefined))}
            >
              <span class={`dot swatch ${isDashed ? 'level' : 'line'}`} style={{ color }} />
              {name}
            </button>{' '}
            <small class={why ? 'warn' : 'muted'}>{why ?? last}</small>
          </li>
        ))}
      </ul>
    </>
  )
}

/** Returns the listeners of an element that reports whether the pointer or the focus is on it. */
function whilePointedAt(report: (isPointed: boolean) => void) {
  const [begin, end] = [() => report(true), () => report(false)]
  return { onPointerEnter: begin, onPointerLeave: end, onFocus: begin, onBlur: end }
}
