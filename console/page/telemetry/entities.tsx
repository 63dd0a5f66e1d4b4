/** All entities with their statistics. The server chooses, sorts and cuts: ten thousand are too many for a browser. */

import type { JSX } from 'preact'
import { useEffect, useId, useRef, useState } from 'preact/hooks'
import type { EntityPage, StatisticName } from '../../api/telemetry/entity-page.ts'
import { useLive } from '../data/answers.ts'
import { Empty, Known } from '../parts/known.tsx'
import { Pager } from '../parts/table.tsx'
import { Tabs } from '../parts/tabs.tsx'
import { countText, numberText } from '../parts/words.ts'
import { EntityTable } from './entity-table.tsx'
import { STATISTIC_WORDS } from './figures.ts'
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
        The processor has counted no reading yet. Locally, <code>npm start</code> sends some every few
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
          There are more entities than the {numberText(page.known)} that were looked at. One that is missing
          here is found by its whole name in the address: <code>/telemetry?entity=SOURCE SUBJECT</code>.
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
  const [statisticId, alertingId] = [useId(), useId()]
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
      <label for={statisticId}>
        Show
        <select
          id={statisticId}
          value={choices.of('statistic') || 'last'}
          onChange={event => choices.change({ statistic: event.currentTarget.value })}
        >
          {(Object.keys(STATISTIC_WORDS) as StatisticName[]).map(name => (
            <option key={name} value={name}>
              {STATISTIC_WORDS[name]}
            </option>
          ))}
        </select>
      </label>
      <label for={alertingId} class="check">
        <input
          id={alertingId}
          type="checkbox"
          checked={choices.of('alerting') === 'yes'}
          onChange={event => choices.change({ alerting: event.currentTarget.checked ? 'yes' : '', page: '' })}
        />
        With alerts
      </label>
    </div>
  )
}

/** Long enough to type a word. */
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
    // The browser's back button has changed it, not the person who types.
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
