/** Fields of forms. The caller keeps their values: lists in the URL, dialogs in a state. */
import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { ShownField } from '../../api/questions.ts'

interface ChoiceProps {
  readonly label: string
  readonly value: string
  readonly set: (value: string) => void
  readonly options: readonly (readonly [value: string, text: string])[]
}

export function Choice({ label, value, set, options }: ChoiceProps): JSX.Element {
  return (
    <label>
      {label}
      <select value={value} onChange={event => set(event.currentTarget.value)}>
        {options.map(([of, text]) => (
          <option key={of} value={of} selected={of === value}>
            {text}
          </option>
        ))}
      </select>
    </label>
  )
}

interface TextProps {
  readonly label: string
  readonly placeholder: string
  readonly value: string
  readonly set: (value: string) => void
}

export function TextField({ label, placeholder, value, set }: TextProps): JSX.Element {
  return (
    <label>
      {label}
      <input
        type="search"
        value={value}
        placeholder={placeholder}
        onInput={event => set(event.currentTarget.value)}
      />
    </label>
  )
}

interface FieldProps {
  readonly field: ShownField
  readonly value: string
  readonly set: (value: string) => void
}

/** Times that a form offers. There may be any other. */
const AGO = ['1h', '6h', '1d', '7d', '30d', '90d']

/** Field of a question or an operation, as its declaration describes it. The server checks the value. */
export function FormField({ field: { name, about, form }, value, set }: FieldProps): JSX.Element {
  const label =
    name.slice(0, 1).toUpperCase() + name.slice(1).replace(/[A-Z]/g, letter => ` ${letter.toLowerCase()}`)
  if (form.type === 'flag')
    return (
      <label class="check">
        <input
          type="checkbox"
          checked={value === 'yes'}
          onChange={event => set(event.currentTarget.checked ? 'yes' : '')}
        />
        {about}
      </label>
    )
  if (form.type !== 'time' && form.type !== 'choice') {
    const placeholder = form.type === 'text' ? form.example : about
    return <TextField {...{ label, placeholder, value, set }} />
  }
  const [otherwise, values] = form.type === 'time' ? ['any', AGO] : [form.otherwise, form.values]
  // The address may have a value that the form does not offer.
  const options = [...new Set([...values, value])]
    .filter(value => value !== '' && value !== otherwise)
    .map(value => [value, form.type === 'time' ? `${value} ago` : value] as const)
  return (
    <Choice
      label={label}
      value={value === otherwise ? '' : value}
      set={set}
      options={[['', otherwise], ...options]}
    />
  )
}

const SETTLED_AFTER_MS = 300

/** Returns the value that the user has typed, once it has not changed for a moment. */
export function useSettled(value: string): string {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), SETTLED_AFTER_MS)
    return () => clearTimeout(timer)
  }, [value])
  return settled
}
