/** What a consumer remembers of an entity, as JSON, with its timers. */
import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { EntityState, TimerState } from '../../../lib/queries/entities.ts'
import type { EntitiesAnswer } from '../../api/state.ts'
import { addressOf, useParameter } from '../data/address.ts'
import { useAnswer } from '../data/answers.ts'
import { hasTelemetry } from '../parts/entity.ts'
import { Empty, Known } from '../parts/known.tsx'
import { Moment } from '../parts/moment.tsx'
import { countText, durationText, numberText } from '../parts/words.ts'

interface Props {
  readonly consumer: string
  readonly topic: string
}

export function Entities({ consumer, topic }: Props): JSX.Element {
  const [entity, setEntity] = useParameter('entity')
  const [text, setText] = useState(entity)
  const look = (event: Event) => {
    event.preventDefault()
    setEntity(text.trim())
  }
  return (
    <>
      <form class="state-form" onSubmit={look}>
        <label>
          Entity: its source and subject, its subject, or a part of them
          <input type="search" value={text} onInput={event => setText(event.currentTarget.value)} />
        </label>
        <button type="submit">Show its state</button>
      </form>
      {entity !== '' && <Found key={entity} consumer={consumer} topic={topic} entity={entity} />}
    </>
  )
}

function Found({ consumer, topic, entity }: Props & { readonly entity: string }): JSX.Element {
  const found = useAnswer<EntitiesAnswer>(addressOf('/state/entities', { consumer, topic, entity }))
  return (
    <Known of={found} what={`what ${consumer} remembers of ${entity}`}>
      {({ entities, looked, isWhole }) => (
        <section aria-label="State of the entity">
          {entities.length === 0 && (
            <Empty>
              {consumer} remembers nothing of “{entity}”
              {isWhole ? '.' : `, as far as was looked: at ${numberText(looked)} entities.`}
            </Empty>
          )}
          {entities.length > 0 && !isWhole && (
            <p>
              The first {countText(entities.length, 'entity', 'entities')}, of {numberText(looked)} that were
              looked at. Name more of it to see others.
            </p>
          )}
          {entities.map(one => (
            <Entity key={`${one.partition} ${one.entity}`} state={one} onlyOne={entities.length === 1} />
          ))}
          <button type="button" class="secondary outline state-again" onClick={found.again}>
            Look again
          </button>
        </section>
      )}
    </Known>
  )
}

function Entity({ state, onlyOne }: { readonly state: EntityState; readonly onlyOne: boolean }): JSX.Element {
  const { entity, partition, version, state: value, timers, held } = state
  return (
    <details class="state-entity" open={onlyOne}>
      <summary>
        <strong>{entity}</strong> partition {partition}
        {version !== undefined && `, version ${version}`}
      </summary>
      {hasTelemetry(entity) && (
        <p>
          <a href={addressOf('/telemetry', { entity })}>Its readings and charts</a>
        </p>
      )}
      {held && (
        <p class="warn">
          {held.failure === null
            ? 'It was held for a retry, which is over.'
            : `It is held for a retry, for at most ${durationText(held.endsAfterMs)} more of log time.`}{' '}
          {countText(held.parked.length, 'event')} parked.
        </p>
      )}
      {value === undefined ? (
        <p>It has no state yet.</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it with the arrow keys
        <pre tabIndex={0}>{JSON.stringify(value, null, 2)}</pre>
      )}
      <Timers title="Timers" timers={timers} />
      {held && <Timers title="Timers that do not fire meanwhile" timers={held.timers} />}
    </details>
  )
}

function Timers({
  title,
  timers,
}: {
  readonly title: string
  readonly timers: readonly TimerState[]
}): JSX.Element {
  if (timers.length === 0) return <p>{title}: none.</p>
  return (
    <>
      <p>{title}:</p>
      <ul>
        {timers.map(({ name, due, firesAfterMs }) => (
          <li key={`${name} ${due}`}>
            <code>{name}</code> due <Moment at={due} />, fires when the log has moved on by{' '}
            {durationText(firesAfterMs)}
          </li>
        ))}
      </ul>
    </>
  )
}
