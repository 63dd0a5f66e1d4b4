/** Fields of the forms above lists, whose values stand in the address. */

import type { ComponentChildren, JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { useParameter } from '../data/address.ts'

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
  /** Of the parameter. */
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
  /** Of the parameter. */
  readonly name: string
  /** Value of the parameter while it is checked. */
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

/** A value that a person is typing, once it has been as it is for a moment. */
export function useSettled(value: string, afterMs = 300): string {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), afterMs)
    return () => clearTimeout(timer)
  }, [value, afterMs])
  return settled
}
