/** Form fields above lists. Their values are stored in the URL. */
import type { ComponentChildren, JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { useParameter } from '../client/url-parameters.ts'

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
  /** Name of the query parameter. */
  readonly name: string
  readonly label: string
  readonly placeholder: string
}

export function TextField({ name, label, placeholder }: TextProps): JSX.Element {
  const [value, set] = useParameter(name)
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

interface CheckProps {
  /** Name of the query parameter. */
  readonly name: string
  /** Value of the query parameter while the box is checked. */
  readonly value: string
  readonly children: ComponentChildren
}

export function Check({ name, value, children }: CheckProps): JSX.Element {
  const [now, set] = useParameter(name)
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={now === value}
        onChange={event => set(event.currentTarget.checked ? value : '')}
      />
      {children}
    </label>
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
