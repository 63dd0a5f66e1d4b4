/** What of the alerts is listed; it stands in the address. */
import type { JSX } from 'preact'
import { useParameter } from '../data/address.ts'
import { useSettled } from './hooks.ts'

export interface AlertQuery {
  /** The parameters of the question. */
  readonly filter: Readonly<Record<string, string>>
  readonly hours: string
  readonly isNarrowed: boolean
}

const HOURS = [
  ['1', 'last hour'],
  ['6', 'last 6 hours'],
  ['24', 'last day'],
  ['168', 'last 7 days'],
  ['720', 'last 30 days'],
  ['2160', 'last 90 days'],
] as const

const STATES = [
  ['firing', 'firing now'],
  ['history', 'history'],
  ['pending', 'pending'],
] as const

export function useListFilter(): AlertQuery {
  const [rule] = useParameter('rule')
  const [entity] = useParameter('entity')
  const [label] = useParameter('label')
  const [severity] = useParameter('severity')
  const [unacknowledged] = useParameter('unacknowledged')
  const [hours] = useParameter('hours', '24')
  const asked = {
    rule: useSettled(rule),
    entity: useSettled(entity),
    label: useSettled(label),
    severity,
    unacknowledged,
  }
  // A label that is still being typed is none.
  const filter = { ...asked, label: asked.label.indexOf('=') > 0 ? asked.label : '' }
  return { filter, hours, isNarrowed: Object.values(filter).some(one => one !== '') }
}

export function ListFilter(): JSX.Element {
  const [state, setState] = useParameter('state', 'firing')
  const [severity, setSeverity] = useParameter('severity')
  const [hours, setHours] = useParameter('hours', '24')
  const [unacknowledged, setUnacknowledged] = useParameter('unacknowledged')
  return (
    <form class="bar" onSubmit={event => event.preventDefault()} aria-label="Which alerts">
      <Choice label="Show" value={state} set={setState} options={STATES} />
      {state === 'history' && <Choice label="Fired in the" value={hours} set={setHours} options={HOURS} />}
      <Text name="rule" label="Rule" placeholder="HIGH_TEMP, or a part" />
      <Text name="entity" label="Entity" placeholder="pump-1, or a part" />
      {state !== 'pending' && (
        <>
          <Choice
            label="Severity"
            value={severity}
            set={setSeverity}
            options={[
              ['', 'any'],
              ['critical', 'critical'],
              ['warning', 'warning'],
              ['info', 'info'],
            ]}
          />
          <Text name="label" label="Label" placeholder="team=ops" />
          <label class="alerts-check">
            <input
              type="checkbox"
              checked={unacknowledged === 'true'}
              onChange={event => setUnacknowledged(event.currentTarget.checked ? 'true' : '')}
            />
            Nobody has taken it
          </label>
        </>
      )}
    </form>
  )
}

interface ChoiceProps {
  readonly label: string
  readonly value: string
  readonly set: (value: string) => void
  readonly options: readonly (readonly [value: string, text: string])[]
}

export function Choice({ label, value, set, options }: ChoiceProps): JSX.Element {
  return (
    <label>
      {label}
      <select value={value} onChange={event => set(event.currentTarget.value)}>
        {options.map(([of, text]) => (
          <option key={of} value={of} selected={of === value}>
            {text}
          </option>
        ))}
      </select>
    </label>
  )
}

interface TextProps {
  /** Of the parameter. */
  readonly name: string
  readonly label: string
  readonly placeholder: string
}

function Text({ name, label, placeholder }: TextProps): JSX.Element {
  const [value, set] = useParameter(name)
  return (
    <label>
      {label}
      <input
        type="search"
        value={value}
        placeholder={placeholder}
        onInput={event => set(event.currentTarget.value)}
      />
    </label>
  )
}
