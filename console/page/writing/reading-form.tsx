/** Publishes a reading, and tells where it lies. */
import type { JSX, TargetedSubmitEvent } from 'preact'
import { useState } from 'preact/hooks'
import type { FamilyForm } from '../../api/writing/forms.ts'
import type { Delivery } from '../../api/writing/publish.ts'
import type { WritingForms } from '../../api/writing.ts'
import { addressOf, useParameter } from '../data/address.ts'
import { act, problemOf } from '../data/answers.ts'
import { useIsOperator } from '../data/environment.ts'
import { dataOf, valuesOf } from './data.ts'
import { Field } from './field.tsx'

export function ReadingForm({ families, keyStrategies }: WritingForms): JSX.Element {
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

type Said = { readonly delivery: Delivery } | { readonly problem: string }

function OfFamily({ form, keyStrategies }: Props): JSX.Element {
  const { family, fields, example, about, keyedBy } = form
  const isOperator = useIsOperator()
  const [values, setValues] = useState<Record<string, string>>(() => valuesOf(fields, example))
  const [isBusy, setBusy] = useState(false)
  const [said, setSaid] = useState<Said>()
  const publish = async (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault()
    const extras = new FormData(event.currentTarget)
    setBusy(true)
    try {
      const body = { family, data: dataOf(fields, values), ...extrasIn(extras) }
      setSaid({ delivery: await act<Delivery>('/writing/readings', body) })
    } catch (error) {
      setSaid({ problem: problemOf(error).message })
    } finally {
      setBusy(false)
    }
  }
  return (
    <form onSubmit={publish}>
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
        class="writing-button"
        disabled={isBusy || !isOperator}
        aria-busy={isBusy}
        title={isOperator ? undefined : 'Only an operator may do this.'}
      >
        Publish
      </button>
      {said && <Outcome said={said} />}
    </form>
  )
}

function Extras({
  keyStrategies,
  keyedBy,
}: {
  readonly keyStrategies: readonly string[]
  readonly keyedBy: string
}): JSX.Element {
  return (
    <details>
      <summary>Time, id, key and trace</summary>
      <div class="writing-fields">
        <label class="writing-field">
          <span>Time of the event</span>
          <input name="time" type="datetime-local" step="1" />
          <small>Now, if it is empty</small>
        </label>
        <label class="writing-field">
          <span>Id of the event</span>
          <input name="id" type="text" maxLength={200} />
          <small>A new one, if it is empty: the same id twice is a duplicate</small>
        </label>
        <label class="writing-field">
          <span>Record key</span>
          <select name="keyBy">
            <option value="">as usual ({keyedBy})</option>
            {keyStrategies.map(strategy => (
              <option key={strategy} value={strategy}>
                {strategy}
              </option>
            ))}
          </select>
          <small>It decides the partition. Random parts an entity from its state</small>
        </label>
        <label class="writing-field">
          <span>traceparent</span>
          <input name="traceparent" type="text" maxLength={200} />
          <small>The trace that it continues; a new one, if it is empty</small>
        </label>
      </div>
    </details>
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

function Outcome({ said }: { readonly said: Said }): JSX.Element {
  if ('problem' in said)
    return (
      <p class="problem" role="alert">
        {said.problem}
      </p>
    )
  const { id, topic, partition, offset, key, traceId, elapsedMs } = said.delivery
  return (
    <div class="done" role="status">
      <p>
        Kafka has it, in partition {partition} at offset {offset}, with the key <code>{key}</code>, after{' '}
        {elapsedMs} ms.
      </p>
      <p class="writing-links">
        <a href={addressOf('/event', { id })}>Follow this event</a>
        <a href={addressOf('/kafka/messages', { topic, partition, offset })}>Its message</a>
        <span>
          Trace <code>{traceId}</code>
        </span>
      </p>
    </div>
  )
}
