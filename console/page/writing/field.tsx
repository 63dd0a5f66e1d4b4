/** One field of a reading. */
import type { InputHTMLAttributes, JSX } from 'preact'
import type { FormField } from '../../api/writing/forms.ts'

interface Props {
  readonly field: FormField
  readonly value: string
  readonly onChange: (value: string) => void
}

export function Field({ field, value, onChange }: Props): JSX.Element {
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

/** The schema decides on the server; the browser helps before. */
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
