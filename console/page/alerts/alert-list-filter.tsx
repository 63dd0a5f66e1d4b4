/** Filter of the lists of alerts. Its values are stored in the URL. */
import type { JSX } from 'preact'
import { useParameter } from '../client/url-parameters.ts'
import { Choice, TextField, useSettled } from '../components/form-fields.tsx'

export interface AlertQuery {
  /** Query parameters of the filter. */
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
  const [hours] = useParameter('hours', '24')
  const values = { rule: useSettled(rule), entity: useSettled(entity), label: useSettled(label), severity }
  // Ignore an incomplete label while it is being typed.
  const filter = { ...values, label: values.label.indexOf('=') > 0 ? values.label : '' }
  return { filter, hours, isNarrowed: Object.values(filter).some(word => word !== '') }
}

export function ListFilter(): JSX.Element {
  const [state, setState] = useParameter('state', 'firing')
  const [severity, setSeverity] = useParameter('severity')
  const [hours, setHours] = useParameter('hours', '24')
  return (
    <form class="bar" onSubmit={event => event.preventDefault()} aria-label="Which alerts">
      <Choice label="Show" value={state} set={setState} options={STATES} />
      {state === 'history' && <Choice label="Fired in the" value={hours} set={setHours} options={HOURS} />}
      <TextField name="rule" label="Rule" placeholder="HIGH_TEMP, or HIGH_*" />
      <TextField name="entity" label="Entity" placeholder="pump-1, or words" />
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
          <TextField name="label" label="Label" placeholder="team=ops" />
        </>
      )}
    </form>
  )
}
