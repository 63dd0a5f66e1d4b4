/** Saves the messages that fit as a file, as `sluice record` writes them. */
import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { problemOf } from '../../data/answers.ts'
import { saveFile } from '../../data/save-file.ts'
import { countText } from '../../parts/words.ts'
import { type Asked, recordCommand, recordNote } from './question.ts'

interface Props {
  /** Path of the file below `/api`. */
  readonly question: string
  readonly asked: Asked
  readonly topic: string
}

export function Download({ question, asked, topic }: Props): JSX.Element {
  const [isBusy, setBusy] = useState(false)
  const [said, setSaid] = useState<{ text: string; isCut: boolean; isProblem: boolean }>()
  const save = async () => {
    setBusy(true)
    try {
      const headers = await saveFile(question, `${topic}.jsonl`)
      const saved = countText(Number(headers.get('sluice-records')), 'message')
      setSaid({ text: `Saved ${saved}.`, isCut: headers.get('sluice-is-cut') === 'true', isProblem: false })
    } catch (error) {
      setSaid({ text: problemOf(error).message, isCut: false, isProblem: true })
    } finally {
      setBusy(false)
    }
  }
  return (
    <>
      <button
        type="button"
        class="secondary outline messages-small"
        aria-busy={isBusy}
        disabled={isBusy}
        onClick={save}
      >
        Download
      </button>
      {said && (
        <div
          class={`messages-said ${said.isProblem ? 'problem' : 'done'}`}
          role={said.isProblem ? 'alert' : 'status'}
        >
          {said.text}
          {said.isCut && (
            <>
              {' '}
              There may be more than one file takes. The whole of it is written by{' '}
              <code>{recordCommand(asked, topic)}</code>. {recordNote(asked)}
            </>
          )}
        </div>
      )}
    </>
  )
}
