/** Form that publishes a reading and shows its position in Kafka. */
import type { ComponentChildren, InputHTMLAttributes, JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { Answers } from '../../api/api.ts'
import type { FamilyForm, FormField } from '../../api/writing/forms.ts'
import type { Delivery } from '../../api/writing/publish.ts'
import { addressOf, useParameter } from '../data/address.ts'
import { act, useIsOperator } from '../data/answers.ts'
import { Outcome, useAction } from '../parts/forms.tsx'
import { dataOf, valuesOf } from './data.ts'

export function ReadingForm({ families, keyStrategies }: Answers['/writing']): JSX.Element {
  const [name, setName] = useParameter('family', families[0]?.family)
  const form = families.find(({ family }) => family === name) ?? families[0]
  return (
    <section aria-labelledby="writing-reading">
      <h2 id="writing-reading">Publish a reading</h2>
      <label class="writing-family">
        Family
        <select value={form?.family} onChange={event => setName(event.currentTarget.value)}>
          {families.map(({ family }) => (
            <option key={family} value={family}>
              {family}
            </option>
          ))}
        </select>
      </label>
      {form && <OfFamily key={form.family} form={form} keyStrategies={keyStrategies} />}
    </section>
  )
}

interface Props {
  readonly form: FamilyForm
  readonly keyStrategies: readonly string[]
}

function OfFamily({ form, keyStrategies }: Props): JSX.Element {
  const { family, fields, example, about, keyedBy } = form
  const isOperator = useIsOperator()
  const [values, setValues] = useState<Record<string, string>>(() => valuesOf(fields, example))
  const [delivery, setDelivery] = useState<Delivery>()
  const { isBusy, said, run } = useAction(async event => {
    setDelivery(undefined)
    const extras = extrasIn(new FormData(event?.target as HTMLFormElement))
    setDelivery(await act('POST /writing/readings', { family, data: dataOf(fields, values), ...extras }))
    return undefined
  })
  return (
    <form onSubmit={run}>
      <p>{about} The example is what a simulated sensor measures now.</p>
      <div class="writing-fields">
        {fields.map(field => (
          <Field
            key={field.path}
            field={field}
            value={values[field.path] ?? ''}
            onChange={value => setValues(now => ({ ...now, [field.path]: value }))}
          />
        ))}
      </div>
      <Extras keyStrategies={keyStrategies} keyedBy={keyedBy} />
      <button
        type="submit"
        disabled={isBusy || !isOperator}
        aria-busy={isBusy}
        title={isOperator ? undefined : 'This requires the operator role.'}
      >
        Publish
      </button>
      <Outcome of={said} />
      {delivery && <Delivered delivery={delivery} />}
    </form>
  )
}

interface ExtrasProps {
  readonly keyStrategies: readonly string[]
  readonly keyedBy: string
}

function Extras({ keyStrategies, keyedBy }: ExtrasProps): JSX.Element {
  return (
    <details>
      <summary>Time, id, key and trace</summary>
      <div class="writing-fields">
        <Extra name="Time of the event" about="Defaults to the current time">
          <input name="time" type="datetime-local" step="1" />
        </Extra>
        <Extra name="Id of the event" about="Generated if empty. A repeated id is a duplicate">
          <input name="id" type="text" maxLength={200} />
        </Extra>
        <Extra
          name="Record key"
          about="Determines the partition. A random key separates an entity from its state"
        >
          <select name="keyBy">
            <option value="">as usual ({keyedBy})</option>
            {keyStrategies.map(strategy => (
              <option key={strategy} value={strategy}>
                {strategy}
              </option>
            ))}
          </select>
        </Extra>
        <Extra name="traceparent" about="Trace to continue. A new trace is started if empty">
          <input name="traceparent" type="text" maxLength={200} />
        </Extra>
      </div>
    </details>
  )
}

interface ExtraProps {
  readonly name: string
  readonly about: string
  readonly children: ComponentChildren
}

function Extra({ name, about, children }: ExtraProps): JSX.Element {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: its field is among the children
    <label class="writing-field">
      <span>{name}</span>
      {children}
      <small>{about}</small>
    </label>
  )
}

function extrasIn(form: FormData): Record<string, string> {
  const texts = ['id', 'keyBy', 'traceparent'].flatMap(name => {
    const text = String(form.get(name) ?? '').trim()
    return text === '' ? [] : [[name, text] as const]
  })
  const atMs = Date.parse(String(form.get('time') ?? ''))
  return {
    ...Object.fromEntries(texts),
    ...(Number.isNaN(atMs) ? {} : { time: new Date(atMs).toISOString() }),
  }
}

function Delivered({ delivery }: { readonly delivery: Delivery }): JSX.Element {
  const { id, topic, partition, offset, key, traceId, elapsedMs } = delivery
  return (
    <div class="done" role="status">
      <p>
        Published to partition {partition} at offset {offset}, with the key <code>{key}</code>, after{' '}
        {elapsedMs} ms.
      </p>
      <p class="row">
        <a href={addressOf('/event', { id })}>Follow this event</a>
        <a href={addressOf('/kafka/messages', { topic, partition, offset })}>Its message</a>
        <span>
          Trace <code>{traceId}</code>
        </span>
      </p>
    </div>
  )
}

interface FieldProps {
  readonly field: FormField
  readonly value: string
  readonly onChange: (value: string) => void
}

function Field({ field, value, onChange }: FieldProps): JSX.Element {
  const { path, kind, isRequired, about, choices } = field
  const change = (event: { readonly currentTarget: { readonly value: string } }) =>
    onChange(event.currentTarget.value)
  const id = `writing-${path}`
  const aboutId = `${id}-about`
  const shared = { id, name: path, value, required: isRequired, 'aria-describedby': aboutId }
  return (
    <div class="writing-field">
      <label for={id}>
        {path}
        {isRequired && <span class="writing-needed"> needed</span>}
      </label>
      {kind === 'choice' ? (
        <select {...shared} onChange={change}>
          {!isRequired && <option value="">none</option>}
          {choices.map(choice => (
            <option key={choice} value={choice}>
              {choice}
            </option>
          ))}
        </select>
      ) : (
        <input {...shared} {...inputOf(field)} onInput={change} />
      )}
      <small id={aboutId}>{about}</small>
    </div>
  )
}

/** Returns HTML attributes for validation in the browser. In addition, the server validates the reading against its schema. */
function inputOf({ kind, least, most }: FormField): InputHTMLAttributes {
  if (kind === 'labels') return { type: 'text', placeholder: 'name=value, name=value' }
  if (kind === 'text') return { type: 'text', maxLength: 200 }
  return {
    type: 'number',
    step: kind === 'integer' ? 1 : 'any',
    ...(least === null ? {} : { min: least }),
    ...(most === null ? {} : { max: most }),
  }
}
