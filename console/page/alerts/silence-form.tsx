/** Form for a new silence, with the alerts that it would mute. */

import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { useLocation } from 'preact-iso'
import { HOUR_MS } from '../../../lib/support/duration.ts'
import { possibleInstants } from '../../../lib/support/time-zones.ts'
import type { SilencePreview } from '../../api/alerts/silences.ts'
import { makeChange, useEnvironment, useIsOperator } from '../client/api-queries.ts'
import { RefusedByServer, toProblem } from '../client/api-request.ts'
import { Outcome, useAction } from '../components/action.tsx'
import { useSettled } from '../components/form-fields.tsx'
import { formatCount, formatExactTime } from '../components/value-texts.ts'

const LASTS = [
  [0.5, '30 minutes'],
  [1, '1 hour'],
  [2, '2 hours'],
  [4, '4 hours'],
  [8, '8 hours'],
  [24, '1 day'],
  [168, '7 days'],
] as const

const FIELDS = [
  ['rule', 'Rule', 'HIGH_TEMP, LOW_*'],
  ['severity', 'Severity', 'warning'],
  ['source', 'Source', '/greenhouse/north'],
  ['entity', 'Entity', 'a sensor, or pump-*'],
  ['label', 'Labels', 'team=infra'],
] as const

type SilenceFields = Readonly<Record<(typeof FIELDS)[number][0], string>>

/** Returns the values of the fields that are not empty. A field can have several values, separated by commas. */
function splitFields(fields: SilenceFields): Readonly<Record<string, readonly string[]>> {
  const split = Object.entries(fields).map(([name, text]) => [name, splitValues(text)] as const)
  return Object.fromEntries(split.filter(([, values]) => values.length > 0))
}

function splitValues(text: string): string[] {
  return text
    .split(',')
    .map(part => part.trim())
    .filter(part => part !== '')
}

/** Form for a new silence. Its initial values are read from the URL, so that a link from an alert can fill in the form. */
export function SilenceForm(): JSX.Element {
  const { query } = useLocation()
  const [fields, setFields] = useState(readFields(query))
  const form = useSilence(fields, () => setFields(readFields({})))
  const { name } = useEnvironment().person
  return (
    <details class="card" open={query.new !== undefined}>
      <summary>New silence</summary>
      <form onSubmit={form.submit} aria-label="New silence">
        <p id="silence-help">
          An alert matches if it matches all fields that are not empty. Separate several values with commas.
          An asterisk (*) matches any characters.
        </p>
        <div class="bar">
          {FIELDS.map(([key, title, example]) => (
            <label key={key}>
              {title}
              <input
                type="text"
                value={fields[key]}
                placeholder={example}
                aria-describedby="silence-help"
                onInput={event => setFields({ ...fields, [key]: event.currentTarget.value })}
              />
            </label>
          ))}
        </div>
        <Preview fields={fields} />
        <DurationFields form={form} />
        <label>
          Why
          <input
            type="text"
            required
            maxLength={1000}
            value={form.comment}
            placeholder="the reason, such as planned maintenance"
            onInput={event => form.setComment(event.currentTarget.value)}
          />
        </label>
        <SubmitLine form={form} author={name} />
      </form>
    </details>
  )
}

/** Returns the values of the fields from the query parameters of their names. */
function readFields(query: Readonly<Record<string, string>>): SilenceFields {
  const values = FIELDS.map(([key]) => [key, query[key] ?? ''])
  return Object.fromEntries(values) as Record<keyof SilenceFields, string>
}

type Form = ReturnType<typeof useSilence>

function useSilence(fields: SilenceFields, onCreated: () => void) {
  const [hours, setHours] = useState('2')
  const [until, setUntil] = useState('')
  const [chosen, setChosen] = useState('')
  const [comment, setComment] = useState('')
  const { timeZone } = new Intl.DateTimeFormat().resolvedOptions()
  const instants = possibleInstants(timeZone, until)
  const isSending = useRef(false)
  const { isBusy, result, run } = useAction(async () => {
    // Without a choice, two instants are as unusable as none.
    const untilMs = instants.length > 1 ? instants.find(ms => String(ms) === chosen) : instants[0]
    const endMs = hours === '' ? untilMs : Date.now() + Number(hours) * HOUR_MS
    if (endMs === undefined)
      throw new RefusedByServer({ code: 'bad-request', message: 'Specify the end of the silence.' })
    const request = { ...splitFields(fields), until: new Date(endMs).toISOString(), comment }
    const { lines } = await makeChange('POST /operations/carry-out', { action: 'silence add', request })
    setComment('')
    onCreated()
    return lines.join(' ')
  })
  // A second click can come before the button is disabled.
  const submit = async (event: Event) => {
    event.preventDefault()
    if (isSending.current) return
    isSending.current = true
    await run(event)
    isSending.current = false
  }
  const untilField = { until, setUntil, instants, chosen, setChosen }
  return { hours, setHours, untilField, comment, setComment, isBusy, result, submit }
}

function DurationFields({ form: { hours, setHours, untilField } }: { readonly form: Form }): JSX.Element {
  return (
    <div class="bar">
      <label>
        Duration
        <select value={hours} onChange={event => setHours(event.currentTarget.value)}>
          {LASTS.map(([of, text]) => (
            <option key={of} value={String(of)} selected={String(of) === hours}>
              {text}
            </option>
          ))}
          <option value="" selected={hours === ''}>
            until a time
          </option>
        </select>
      </label>
      {hours === '' && <UntilField {...untilField} />}
    </div>
  )
}

/** Field for a local time. If clocks skip or repeat it, a choice between two instants follows. */
function UntilField({ until, setUntil, instants, chosen, setChosen }: Form['untilField']): JSX.Element {
  return (
    <>
      <label>
        Until (your time)
        <input
          type="datetime-local"
          required
          value={until}
          onInput={event => setUntil(event.currentTarget.value)}
        />
      </label>
      {instants.length > 1 && (
        <label>
          Clocks change then: which time?
          <select required value={chosen} onChange={event => setChosen(event.currentTarget.value)}>
            <option value="">Choose one</option>
            {instants.map(ms => (
              <option key={ms} value={String(ms)} selected={String(ms) === chosen}>
                {formatExactTime(ms)}
              </option>
            ))}
          </select>
        </label>
      )}
    </>
  )
}

function SubmitLine({ form, author }: { readonly form: Form; readonly author: string }): JSX.Element {
  const isOperator = useIsOperator()
  const { isBusy, result } = form
  return (
    <>
      <p class="row">
        <button type="submit" disabled={isBusy || !isOperator} aria-busy={isBusy}>
          Silence
        </button>
        <small>
          {isOperator ? `Its author is ${author}, visible to all users.` : 'This requires the operator role.'}
        </small>
      </p>
      <Outcome of={result} />
    </>
  )
}

function Preview({ fields }: { readonly fields: SilenceFields }): JSX.Element {
  const settledFields = useSettled(JSON.stringify(fields))
  const [preview, setPreview] = useState<SilencePreview>()
  const [problem, setProblem] = useState('')
  useEffect(() => {
    let isOld = false
    const request = splitFields(JSON.parse(settledFields))
    setPreview(undefined)
    setProblem('')
    if (Object.keys(request).length > 0)
      makeChange('POST /alerts/silences/preview', { request }).then(
        answer => !isOld && setPreview(answer),
        error => !isOld && setProblem(toProblem(error).message),
      )
    return () => {
      isOld = true
    }
  }, [settledFields])
  return (
    <div role="status">
      {problem && <p class="warn">{problem}</p>}
      {!problem && !preview && <p class="muted">Fill in a field to see which alerts it mutes.</p>}
      {preview && (
        <p>
          It would mute <strong>{formatCount(preview.total, 'alert')}</strong> of the {preview.firing} that
          fire now
          {preview.total > 0 && ': '}
          {preview.alerts.map(({ rule, entity }) => `${rule} of ${entity}`).join('; ')}
          {preview.total > preview.alerts.length && ' …'}
        </p>
      )}
    </div>
  )
}
