/** Something that a person asks for: whether it is being done, and what came of it. */

import { useState } from 'preact/hooks'
import { problemOf } from './ask.ts'

/** What came of a change. */
export interface Said {
  readonly text: string
  readonly isProblem: boolean
}

export interface Action {
  readonly isBusy: boolean
  readonly said: Said | undefined
  readonly setSaid: (said: Said | undefined) => void
  /** Does it. */
  readonly run: (event?: Event) => Promise<void>
}

/**
 * @param work resolves to a sentence that says what was done, or to nothing where the page shows it
 * @param tell hears what came of it in place of `said`, where the change takes away the part of the page that has asked for it
 */
export function useAction(
  work: (event: Event | undefined) => Promise<string | undefined>,
  tell?: (said: Said | undefined) => void,
): Action {
  const [isBusy, setBusy] = useState(false)
  const [said, setOwn] = useState<Said>()
  const setSaid = tell ?? setOwn
  const run = async (event?: Event) => {
    event?.preventDefault()
    setBusy(true)
    try {
      const text = await work(event)
      setSaid(text === undefined ? undefined : { text, isProblem: false })
    } catch (error) {
      setSaid({ text: problemOf(error).message, isProblem: true })
    } finally {
      setBusy(false)
    }
  }
  return { isBusy, said, setSaid, run }
}
