/** Text field for a rule file. The text is checked while the user types, and each error links to its position. */
import type { JSX } from 'preact'
import { useEffect, useId, useRef, useState } from 'preact/hooks'
import type { RulesChecked } from '../../api/alerts/rule-files.ts'
import { act, useIsOperator } from '../data/answers.ts'
import { problemOf } from '../data/ask.ts'
import { useSettled } from '../parts/forms.tsx'
import { countText } from '../parts/words.ts'
import { placeIn } from './words.ts'

interface TextProps {
  /** Name of the file. */
  readonly name: string
  readonly text: string
  readonly set: (text: string) => void
}

export function RulesText({ name, text, set }: TextProps): JSX.Element {
  const field = useId()
  const area = useRef<HTMLTextAreaElement>(null)
  const isOperator = useIsOperator()
  const { checked, problem } = useCheck(name, text, isOperator)
  const errors = checked?.errors ?? []
  const goTo = (line: number, column: number) => {
    const at = placeIn(text, line, column)
    area.current?.focus()
    area.current?.setSelectionRange(at, at)
  }
  return (
    <div class="alerts-editor">
      <label for={field}>Text of {name}</label>
      <textarea
        id={field}
        ref={area}
        spellcheck={false}
        readOnly={!isOperator}
        rows={Math.min(30, Math.max(12, text.split('\n').length + 1))}
        value={text}
        aria-invalid={errors.length > 0 ? 'true' : undefined}
        aria-describedby={`${field}-errors`}
        onInput={event => set(event.currentTarget.value)}
      />
      <div id={`${field}-errors`} role="status">
        {problem && <p class="bad">{problem}</p>}
        {checked && errors.length === 0 && (
          <p class="good">No errors; {countText(checked.rules, 'rule')} in all.</p>
        )}
        {errors.length > 0 && (
          <ul class="alerts-errors">
            {errors.map(({ file, line, column, rule, key, message }) => (
              <li key={`${file} ${line} ${column} ${key} ${message}`}>
                {file === name ? (
                  <button type="button" class="alerts-place" onClick={() => goTo(line, column)}>
                    line {line}, column {column}
                  </button>
                ) : (
                  `${file}, line ${line}, column ${column}`
                )}
                {': '}
                {[rule, key].filter(Boolean).join('.')} {message}
              </li>
            ))}
          </ul>
        )}
      </div>
    </div>
  )
}

function useCheck(
  file: string,
  text: string,
  isOperator: boolean,
): { readonly checked?: RulesChecked; readonly problem?: string } {
  const [known, setKnown] = useState<{ checked?: RulesChecked; problem?: string }>({})
  // Delay the file name and the text together, so that a text is never checked under the name of another file.
  const settled = useSettled(JSON.stringify({ file, text }), 400)
  useEffect(() => {
    if (!isOperator) return
    let isOld = false
    act('POST /alerts/rules/check', JSON.parse(settled)).then(
      checked => !isOld && setKnown({ checked }),
      error => !isOld && setKnown({ problem: problemOf(error).message }),
    )
    return () => {
      isOld = true
    }
  }, [settled, isOperator])
  return known
}
