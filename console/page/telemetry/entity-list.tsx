/** All entities with their newest values. The server filters and paginates, because a browser cannot show ten thousand rows. */

import type { ComponentChildren, JSX } from 'preact'
import type { EntityPage } from '../../api/telemetry/entity-list.ts'
import { buildAddress } from '../client/address.ts'
import { useLive } from '../client/api-queries.ts'
import { useParameter, useParameters } from '../client/url-parameters.ts'
import { AnswerView, EmptyMessage } from '../components/answer-view.tsx'
import { Pager, TableFrame } from '../components/data-table.tsx'
import { Choice, TextField, useSettled } from '../components/form-fields.tsx'
import { Moment, splitEntity } from '../components/labels.tsx'
import { formatCount, formatNumber } from '../components/value-texts.ts'
import { MANY_METRICS } from './entity-series.ts'
import { formatUnit } from './telemetry-texts.ts'

export function EntityListPage(): JSX.Element {
  const [find] = useParameter('find')
  const [family] = useParameter('family')
  const [metric] = useParameter('metric')
  const [page] = useParameter('page')
  const [, change] = useParameters()
  const query = { find: useSettled(find), family, metric: useSettled(metric), page }
  const answer = useLive('/telemetry/entities', query, { keep: true })
  const families = answer.answer?.families ?? []
  return (
    <>
      <form class="bar" onSubmit={event => event.preventDefault()}>
        {families.length > 0 && (
          <Choice
            label="Family"
            value={answer.answer?.family ?? family}
            set={chosen => change({ family: chosen, page: '' })}
            options={families.map(family => [
              family.family,
              `${family.family} (${formatNumber(family.entities)})`,
            ])}
          />
        )}
        <TextField name="find" label="Find" placeholder="part of source or subject" />
        <MetricFilter metrics={answer.answer?.measured ?? 0} />
      </form>
      <AnswerView of={answer} what="the entities">
        {shown => <Entities page={shown} toPage={to => change({ page: to === 1 ? '' : String(to) })} />}
      </AnswerView>
    </>
  )
}

interface Props {
  readonly page: EntityPage
  readonly toPage: (page: number) => void
}

/** Field that limits the shown metrics by their names; shown if there are many of them, or if it is in use. */
export function MetricFilter({ metrics }: { readonly metrics: number }): JSX.Element | null {
  const [metric] = useParameter('metric')
  if (metrics <= MANY_METRICS && metric === '') return null
  return (
    <TextField name="metric" label="Metrics" placeholder={`part of a name, of ${formatNumber(metrics)}`} />
  )
}

function Entities({ page, toPage }: Props): JSX.Element {
  const { known, matching, family, isWhole } = page
  if (known === 0)
    return (
      <EmptyMessage>
        The processor has not received any readings yet. Locally, <code>npm start</code> sends some every few
        seconds; <code>npx sluice publish</code> sends one by hand.
      </EmptyMessage>
    )
  if (matching === 0) return <EmptyMessage>None of {formatNumber(known)} entities matches.</EmptyMessage>
  return (
    <>
      <p class="muted" role="status">
        {formatCount(matching, 'entity', 'entities')} of the family {family}
        {page.metrics.length < page.measured &&
          `, with ${page.metrics.length} of ${formatCount(page.measured, 'metric', 'metrics')}`}
      </p>
      <EntityRows page={page} />
      <Pager of="entities" at={page.page} pages={page.pages} total={matching} onPage={toPage} />
      {!isWhole && (
        <p class="warn">
          Only {formatNumber(known)} entities were searched. To open one that is missing here, enter its full
          name in the URL: <code>/telemetry?entity=SOURCE SUBJECT</code>.
        </p>
      )}
    </>
  )
}

function EntityRows({ page: { family, rows, metrics } }: Pick<Props, 'page'>): JSX.Element {
  const names = metrics.map(metric => `${metric.name}${formatUnit(metric.unit)}`)
  return (
    <TableFrame
      label="Entities"
      caption={`Entities of the family ${family}`}
      head={
        <>
          <th scope="col">Entity</th>
          {['Alerts', 'Last reading', 'Readings', ...names].map(heading => (
            <th key={heading} scope="col" class="right">
              {breakWords(heading)}
            </th>
          ))}
        </>
      }
    >
      {rows.map(({ entity, alerts, lastAt, readings, values }) => (
        <tr key={entity}>
          <th scope="row">
            <a href={buildAddress('/telemetry', { entity })}>{splitEntity(entity).subject || entity}</a>
            <small class="second">{splitEntity(entity).source}</small>
          </th>
          <td data-heading="Alerts" class="right">
            {alerts > 0 ? <strong class="bad">{alerts}</strong> : '0'}
          </td>
          <td data-heading="Last reading" class="right">
            <Moment at={lastAt} />
          </td>
          <td data-heading="Readings" class="right">
            {formatNumber(readings)}
          </td>
          {values.map((value, index) => (
            <td key={names[index]} data-heading={names[index]} class="right">
              {value === null ? '–' : formatNumber(value)}
            </td>
          ))}
        </tr>
      ))}
    </TableFrame>
  )
}

/** Returns a name that can continue on a second line before a capital letter. */
function breakWords(name: string): ComponentChildren {
  return name.split(/(?=[A-Z])/).flatMap((part, at) => (at === 0 ? part : [<wbr key={at} />, part]))
}
