/**
 * All entities with their statistics. The server filters, sorts and paginates the list, because a browser cannot show ten thousand
 * rows.
 */
import type { ComponentChildren, JSX } from 'preact'
import { useEffect, useId, useRef, useState } from 'preact/hooks'
import type { EntityPage } from '../../api/telemetry/entity-page.ts'
import { addressOf } from '../data/address.ts'
import { useLive } from '../data/answers.ts'
import { Choice } from '../parts/forms.tsx'
import { Empty, Known } from '../parts/known.tsx'
import { Moment } from '../parts/marks.tsx'
import { Pager, Scrolls } from '../parts/table.tsx'
import { Tabs } from '../parts/tabs.tsx'
import { countText, numberText, partsOf } from '../parts/words.ts'
import { STATISTIC_WORDS, unitText } from './figures.ts'
import { type Choices, useChoices } from './span-choice.tsx'

const CHOICES = ['find', 'family', 'statistic', 'sort', 'alerting', 'page'] as const

export function EntitiesPage(): JSX.Element {
  const choices = useChoices()
  const query = Object.fromEntries(CHOICES.map(name => [name, choices.of(name)]))
  const answer = useLive('/telemetry/entities', query, { keep: true })
  return (
    <>
      <Bar choices={choices} families={answer.answer} />
      <Known of={answer} what="the entities">
        {page => <Entities page={page} choices={choices} />}
      </Known>
    </>
  )
}

function Entities({ page, choices }: { page: EntityPage; choices: Choices }): JSX.Element {
  if (page.known === 0)
    return (
      <Empty>
        The processor has not received any readings yet. Locally, <code>npm start</code> sends some every few
        seconds; <a href="/write">Write</a> sends one by hand.
      </Empty>
    )
  if (page.matching === 0)
    return (
      <Empty>
        None of {numberText(page.known)} entities matches.{' '}
        <a href={choices.with({ find: '', alerting: '', page: '' })}>Show all</a>
      </Empty>
    )
  return (
    <>
      <p class="muted" role="status">
        {countText(page.matching, 'entity', 'entities')} of the family {page.family}
      </p>
      <EntityTable page={page} choices={choices} />
      <Pager
        of="entities"
        at={page.page}
        pages={page.pages}
        total={page.matching}
        onPage={to => choices.change({ page: to === 1 ? '' : String(to) })}
      />
      {!page.isWhole && (
        <p class="warn">
          Only {numberText(page.known)} entities were searched. There are more. To open an entity that is
          missing here, enter its full name in the URL: <code>/telemetry?entity=SOURCE SUBJECT</code>.
        </p>
      )}
    </>
  )
}

interface BarProps {
  readonly choices: Choices
  readonly families: EntityPage | undefined
}

function Bar({ choices, families }: BarProps): JSX.Element {
  return (
    <div class="bar">
      {families && families.families.length > 0 && (
        <Tabs
          label="Families"
          areChoices
          tabs={families.families.map(({ family, entities }) => ({
            path: choices.with({ family, page: '', sort: '' }),
            title: (
              <>
                {family} <small>{numberText(entities)}</small>
              </>
            ),
            isCurrent: family === families.family,
          }))}
        />
      )}
      <Find value={choices.of('find')} onFind={find => choices.change({ find, page: '' })} />
      <Choice
        label="Show"
        value={choices.of('statistic') || 'last'}
        set={statistic => choices.change({ statistic })}
        options={Object.entries(STATISTIC_WORDS)}
      />
      <label class="check">
        <input
          type="checkbox"
          checked={choices.of('alerting') === 'yes'}
          onChange={event => choices.change({ alerting: event.currentTarget.checked ? 'yes' : '', page: '' })}
        />
        With alerts
      </label>
    </div>
  )
}

/** Delay after typing before the list is filtered. */
const PAUSE_MS = 250

function Find({ value, onFind }: { value: string; onFind: (text: string) => void }): JSX.Element {
  const id = useId()
  const input = useRef<HTMLInputElement>(null)
  const [text, setText] = useState(value)
  useEffect(() => {
    if (text === value) return
    const pause = setTimeout(() => onFind(text), PAUSE_MS)
    return () => clearTimeout(pause)
  }, [text])
  useEffect(() => {
    // Take the value from the URL after the back button was used, but not while the user is typing.
    if (document.activeElement !== input.current) setText(value)
  }, [value])
  return (
    <label for={id}>
      Find
      <input
        id={id}
        ref={input}
        type="search"
        placeholder="part of source or subject"
        value={text}
        onInput={event => setText(event.currentTarget.value)}
      />
    </label>
  )
}

function EntityTable({ page, choices }: { page: EntityPage; choices: Choices }): JSX.Element {
  const { rows, metrics } = page
  const headings: readonly (readonly [by: string, title: string, isNumber: boolean])[] = [
    ['entity', 'Entity', false],
    ['alerts', 'Alerts', true],
    ['last-reading', 'Last reading', false],
    ['readings', 'Readings', true],
    ...metrics.map(({ name, unit }) => [name, `${name}${unitText(unit)}`, true] as const),
  ]
  return (
    <Scrolls label="Entities">
      <table class="telemetry-entities">
        <caption class="unseen">Entities of the family {page.family}</caption>
        <thead>
          <tr>
            {headings.map(([by, title, isNumber]) => (
              <Heading key={by} by={by} choices={choices} isNumber={isNumber}>
                {title}
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
  readonly isNumber: boolean
  readonly children: ComponentChildren
}

/** Heading that sorts the list. The first click sorts numbers in descending order and texts in ascending order. */
function Heading({ by, choices, isNumber, children }: HeadingProps): JSX.Element {
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
