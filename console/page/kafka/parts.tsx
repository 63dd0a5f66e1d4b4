/** What the pages about Kafka share. */
import { type ComponentChildren, Fragment, type JSX } from 'preact'
import { useEffect, useId, useRef, useState } from 'preact/hooks'
import { addressOf, useParameter } from '../data/address.ts'
import { countText } from '../parts/words.ts'

export function Facts({ children }: { readonly children: ComponentChildren }): JSX.Element {
  return <dl class="kafka-facts">{children}</dl>
}

export function Fact({
  name,
  children,
}: {
  readonly name: string
  readonly children: ComponentChildren
}): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}

export function Warning({ children }: { readonly children: ComponentChildren }): JSX.Element {
  return (
    <p class="kafka-warning" role="status">
      {children}
    </p>
  )
}

export function TopicLink({ topic }: { readonly topic: string }): JSX.Element {
  return (
    <a class="kafka-link" href={addressOf('/kafka/topics', { topic })}>
      <Breaking name={topic} />
    </a>
  )
}

export function GroupLink({ group }: { readonly group: string }): JSX.Element {
  return (
    <a class="kafka-link" href={addressOf('/kafka/groups', { group })}>
      <Breaking name={group} />
    </a>
  )
}

/** A name that breaks behind its dots, where it has to break. */
function Breaking({ name }: { readonly name: string }): JSX.Element {
  const [first = '', ...others] = name.split(/(?<=\.)/)
  return (
    <>
      {first}
      {others.map((part, at) => (
        <Fragment key={`${at} ${part}`}>
          <wbr />
          {part}
        </Fragment>
      ))}
    </>
  )
}

/** Where the server lists only some: the others are found by name. Once shown, it stays, since it can have the focus. */
export function FindMore({ more, one }: { readonly more: number; readonly one: string }): JSX.Element | null {
  const [find, setFind] = useParameter('find')
  const [draft, setDraft] = useState(find)
  const id = useId()
  useEffect(() => setDraft(find), [find])
  const isShown = useRef(false)
  isShown.current ||= more > 0 || find !== ''
  if (!isShown.current) return null
  return (
    <form
      class="kafka-find"
      onSubmit={event => {
        event.preventDefault()
        setFind(draft.trim())
      }}
    >
      {more > 0 && <p>{countText(more, one)} more: name a part of what you look for.</p>}
      <label for={id}>Find by name</label>
      <input
        id={id}
        name="find"
        type="search"
        value={draft}
        onInput={event => setDraft(event.currentTarget.value)}
      />
      <button type="submit" class="secondary">
        Find
      </button>
    </form>
  )
}
