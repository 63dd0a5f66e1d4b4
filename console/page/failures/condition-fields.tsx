/** Fields that filter dead letters. Their values are stored in the URL. */
import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { useParameter } from '../data/address.ts'
import { STATES, TIMES } from './conditions.ts'

export function ConditionFields(): JSX.Element {
  const [since, setSince] = useParameter('since')
  const [state, setState] = useParameter('state', 'open')
  const [entity, setEntity] = useParameter('entity')
  const [type, setType] = useParameter('type')
  return (
    <form class="bar" onSubmit={event => event.preventDefault()}>
      <Choice label="Came in" value={since} values={TIMES} choose={setSince} />
      <Choice label="State" value={state} values={STATES} choose={setState} />
      <Words label="Entity" value={entity} set={setEntity} placeholder="source and subject, or subject" />
      <Words label="Event type" value={type} set={setType} placeholder="type of the failed event" />
    </form>
  )
}

interface ChoiceProps {
  readonly label: string
  readonly value: string
  readonly values: readonly (readonly [value: string, text: string])[]
  readonly choose: (value: string) => void
}

function Choice({ label, value, values, choose }: ChoiceProps): JSX.Element {
  const isKnown = values.some(([one]) => one === value)
  return (
    <label>
      {label}
      <select value={value} onChange={event => choose(event.currentTarget.value)}>
        {values.map(([one, text]) => (
          <option key={one} value={one}>
            {text}
          </option>
        ))}
        {!isKnown && <option value={value}>since {value}</option>}
      </select>
    </label>
  )
}

interface WordsProps {
  readonly label: string
  readonly value: string
  readonly set: (value: string) => void
  readonly placeholder: string
}

/**
 * Text field that updates the filter when the user has finished typing. Until then, the text is kept as a draft, because live
 * updates render the field again.
 */
function Words({ label, value, set, placeholder }: WordsProps): JSX.Element {
  const [draft, setDraft] = useState<string>()
  return (
    <label>
      {label}
      <input
        type="search"
        value={draft ?? value}
        placeholder={placeholder}
        onInput={event => setDraft(event.currentTarget.value)}
        onChange={event => {
          setDraft(undefined)
          set(event.currentTarget.value.trim())
        }}
        onBlur={() => setDraft(undefined)}
      />
    </label>
  )
}
