/** A page of entities; the server has sorted them. */

import type { ComponentChildren, JSX } from 'preact'
import type { EntityPage } from '../../api/telemetry/entity-page.ts'
import { addressOf } from '../data/address.ts'
import { partsOf } from '../parts/entity.ts'
import { Moment } from '../parts/moment.tsx'
import { Scrolls } from '../parts/scrolls.tsx'
import { numberText } from '../parts/words.ts'
import { unitText } from './figures.ts'
import type { Choices } from './span-choice.tsx'

export function EntityTable({ page, choices }: { page: EntityPage; choices: Choices }): JSX.Element {
  const { rows, metrics } = page
  return (
    <Scrolls label="Entities">
      <table class="telemetry-entities">
        <caption class="unseen">Entities of the family {page.family}</caption>
        <thead>
          <tr>
            <Heading by="entity" choices={choices}>
              Entity
            </Heading>
            <Heading by="alerts" choices={choices} isNumber>
              Alerts
            </Heading>
            <Heading by="last-reading" choices={choices}>
              Last reading
            </Heading>
            <Heading by="readings" choices={choices} isNumber>
              Readings
            </Heading>
            {metrics.map(({ name, unit }) => (
              <Heading key={name} by={name} choices={choices} isNumber>
                {name}
                {unitText(unit)}
              </Heading>
            ))}
            <th scope="col">Source</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ entity, alerts, lastAt, readings, values }) => (
            <tr key={entity}>
              <th scope="row">
                <a href={addressOf('/telemetry', { entity })}>{partsOf(entity).subject || entity}</a>
              </th>
              <td class="right">{alerts > 0 ? <strong class="bad">{alerts}</strong> : '0'}</td>
              <td>
                <Moment at={lastAt} />
              </td>
              <td class="right">{numberText(readings)}</td>
              {values.map((value, index) => (
                <td key={metrics[index]?.name} class="right">
                  {value === null ? '–' : numberText(value)}
                </td>
              ))}
              <td>{partsOf(entity).source}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scrolls>
  )
}

interface HeadingProps {
  readonly by: string
  readonly choices: Choices
  readonly isNumber?: boolean
  readonly children: ComponentChildren
}

/** Figures begin with the greatest, texts with the first. */
function Heading({ by, choices, isNumber = false, children }: HeadingProps): JSX.Element {
  const sort = choices.of('sort') || 'entity'
  const [isUp, isDown] = [sort === by, sort === `-${by}`]
  const other = isNumber ? (isDown ? by : `-${by}`) : isUp ? `-${by}` : by
  return (
    <th
      scope="col"
      class={isNumber ? 'right' : undefined}
      aria-sort={isUp ? 'ascending' : isDown ? 'descending' : 'none'}
    >
      <button
        type="button"
        class="sort"
        onClick={() => choices.change({ sort: other === 'entity' ? '' : other, page: '' })}
      >
        {children}
        <span aria-hidden="true">{isUp ? ' ▲' : isDown ? ' ▼' : ''}</span>
      </button>
    </th>
  )
}
