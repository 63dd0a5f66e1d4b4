/** Publishes a reading that is entered as JSON, and shows its position in Kafka. Available on a local stack only. */
import type { JSX } from 'preact'
import { useId, useState } from 'preact/hooks'
import type { Delivery } from '../api/publish-reading.ts'
import { addressOf } from './data/address.ts'
import { act, useIsOperator } from './data/answers.ts'
import { Outcome, useAction } from './parts/forms.tsx'
import { Once } from './parts/known.tsx'

export function Write(): JSX.Element {
  return (
    <>
      <h1>Write</h1>
      <Once path="/writing" what="the example">
        {({ example }) => <ReadingForm example={example} />}
      </Once>
    </>
  )
}

function ReadingForm({ example }: { readonly example: string }): JSX.Element {
  const field = useId()
  const isOperator = useIsOperator()
  const [event, setEvent] = useState(example)
  const [delivery, setDelivery] = useState<Delivery>()
  const { isBusy, said, run } = useAction(async () => {
    setDelivery(undefined)
    setDelivery(await act('POST /writing/readings', { event }))
    return undefined
  })
  return (
    <form onSubmit={run}>
      <p>
        The example is a reading of a simulated sensor. A missing <code>id</code> or <code>time</code> is
        added, and a trace started. <code>partitionkey</code> sets the record key.
      </p>
      <label for={field}>Reading, as a CloudEvent in JSON</label>
      <textarea
        id={field}
        class="code"
        spellcheck={false}
        rows={24}
        value={event}
        onInput={({ currentTarget }) => setEvent(currentTarget.value)}
      />
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

function Delivered({ delivery }: { readonly delivery: Delivery }): JSX.Element {
  const { topic, partition, offset, key, traceId, elapsedMs } = delivery
  return (
    <div class="done" role="status">
      <p>
        Published to partition {partition} at offset {offset}, with the key <code>{key}</code>, after{' '}
        {elapsedMs} ms.
      </p>
      <p class="row">
        <a href={addressOf('/kafka/messages', { topic, partition, offset })}>Its message</a>
        <span>
          Trace <code>{traceId}</code>
        </span>
      </p>
    </div>
  )
}
