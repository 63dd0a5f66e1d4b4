/** Fields of forms. The caller keeps their values: lists in the URL, dialogs in a state. */
import type { ComponentChildren, JSX, TargetedSubmitEvent } from 'preact'
import { useEffect, useId, useState } from 'preact/hooks'
import { possibleInstants } from '../../../lib/support/time-zones.ts'
import type { ShownField } from '../../api/questions.ts'
import { formatExactTime, toLocalTime } from './value-texts.ts'

interface FiltersProps {
  /** Number of filters that are in force. */
  readonly inForce: number
  /** False for a form that is as small as the button. */
  readonly isFolded?: boolean
  readonly onSubmit?: (event: TargetedSubmitEvent<HTMLFormElement>) => void
  readonly children: ComponentChildren
}

/** Form with the filters of a list. On a narrow screen, it is folded behind a button. */
export function Filters({ inForce, isFolded = true, onSubmit, children }: FiltersProps): JSX.Element {
  const [isOpen, setOpen] = useState(!isFolded)
  return (
    <>
      {isFolded && (
        <button
          type="button"
          class="menu unfold secondary outline"
          aria-expanded={isOpen}
          onClick={() => setOpen(!isOpen)}
        >
          Filters{inForce > 0 && ` (${inForce})`}
        </button>
      )}
      <form
        class={isOpen ? 'bar filters' : 'bar filters folded'}
        onSubmit={onSubmit ?? (event => event.preventDefault())}
      >
        {children}
      </form>
    </>
  )
}

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
  /** `search`, the default, for a text that is searched for. */
  readonly type?: 'text' | 'search'
  /** Values that the field suggests. */
  readonly values?: readonly string[] | undefined
}

export function TextField(props: TextProps): JSX.Element {
  const { label, placeholder, value, set, type = 'search', values = [] } = props
  const list = useId()
  return (
    <label>
      {label}
      <input
        type={type}
        value={value}
        placeholder={placeholder}
        list={values.length > 0 ? list : undefined}
        onInput={event => set(event.currentTarget.value)}
      />
      <datalist id={list}>
        {values.map(value => (
          <option key={value} value={value} />
        ))}
      </datalist>
    </label>
  )
}

interface FieldProps {
  readonly field: ShownField
  readonly value: string
  readonly set: (value: string) => void
  /** Values that exist. */
  readonly values?: readonly string[] | undefined
}

/** Times that a form offers. There may be any other. */
const AGO = ['1h', '6h', '1d', '7d', '30d', '90d']

/** Field of a question or an operation, as its declaration describes it. The server checks the value. */
export function FormField({ field, value, set, values: known }: FieldProps): JSX.Element {
  const { about, form, isList } = field
  const label = formatLabel(field)
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
  if (form.type === 'time' && form.isExact) return <LocalTimeField {...{ label, value, set }} />
  const isChosen = form.type === 'text' && form.isName && known !== undefined
  if (form.type !== 'time' && form.type !== 'choice' && !isChosen) {
    const placeholder = form.type === 'text' ? `e.g. ${form.example}` : about
    if (isList)
      return (
        <label>
          {label}
          <textarea
            rows={value.split('\n').length}
            value={value}
            placeholder={placeholder}
            onInput={event => set(event.currentTarget.value)}
          />
        </label>
      )
    const type = field.name === 'find' ? 'search' : 'text'
    return <TextField {...{ label, placeholder, value, set, type, values: known }} />
  }
  const [otherwise, values] =
    form.type === 'choice'
      ? [form.otherwise, form.values]
      : ['any', form.type === 'time' ? AGO : (known ?? [])]
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

/** Returns the name of a field in words, with what its value must be, such as `At (required, one per line)`. */
function formatLabel({ name, isRequired, isList, form }: ShownField): string {
  const words = name.replace(/[A-Z]/g, letter => ` ${letter.toLowerCase()}`)
  const isLocal = form.type === 'time' && form.isExact
  const hints = [isRequired && 'required', isList && 'one per line', isLocal && 'your time'].filter(Boolean)
  const hint = hints.length > 0 ? ` (${hints.join(', ')})` : ''
  return words.slice(0, 1).toUpperCase() + words.slice(1) + hint
}

/**
 * Field for a local time. If clocks skip or repeat it, a choice between two instants follows. Its value is the instant; until one is
 * chosen it is the local time, which the server refuses.
 */
function LocalTimeField({ label, value, set }: Omit<TextProps, 'placeholder'>): JSX.Element {
  const [local, setLocal] = useState(toLocalTime(value))
  const { timeZone } = new Intl.DateTimeFormat().resolvedOptions()
  const listInstants = (local: string) =>
    possibleInstants(timeZone, local).map(ms => new Date(ms).toISOString())
  const setTime = (local: string) => {
    const [first = local, ...others] = listInstants(local)
    setLocal(local)
    set(others.length > 0 ? local : first)
  }
  // The value is removed if another field is given in its place.
  const shown = value && local
  const instants = listInstants(shown)
  return (
    <>
      <label>
        {label}
        <input type="datetime-local" value={shown} onInput={event => setTime(event.currentTarget.value)} />
      </label>
      {instants.length > 1 && (
        <Choice
          label="Clocks change then: which time?"
          value={instants.includes(value) ? value : local}
          set={set}
          options={[[local, 'Choose one'], ...instants.map(at => [at, formatExactTime(at)] as const)]}
        />
      )}
    </>
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
