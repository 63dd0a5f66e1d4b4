/** Actions of a person, and their results. */
import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { toProblem } from '../client/api-request.ts'

export function Outcome({ of: result }: { readonly of: ChangeResult | undefined }): JSX.Element | null {
  if (!result) return null
  return (
    <p class={result.isProblem ? 'problem' : 'done'} role={result.isProblem ? 'alert' : 'status'}>
      {result.text}
    </p>
  )
}

interface ChangeResult {
  readonly text: string
  readonly isProblem: boolean
}

interface Action {
  readonly isBusy: boolean
  readonly result: ChangeResult | undefined
  /** Runs the action. */
  readonly run: (event?: Event) => Promise<void>
}

/**
 * Returns a function that runs an action, and the state of the action.
 *
 * @param work resolves to a sentence that describes the result, or to undefined if the page itself shows it
 */
export function useAction(work: (event: Event | undefined) => Promise<string | undefined>): Action {
  const [isBusy, setBusy] = useState(false)
  const [result, setResult] = useState<ChangeResult>()
  const run = async (event?: Event) => {
    event?.preventDefault()
    setBusy(true)
    try {
      const text = await work(event)
      setResult(text === undefined ? undefined : { text, isProblem: false })
    } catch (error) {
      setResult({ text: toProblem(error).message, isProblem: true })
    } finally {
      setBusy(false)
    }
  }
  return { isBusy, result, run }
}
