/** Components shared by the Kafka pages. */
import { type ComponentChildren, Fragment, type JSX } from 'preact'
import { useEffect, useId, useRef, useState } from 'preact/hooks'
import { buildAddress, useParameter } from '../client/url-parameters.ts'
import { countText } from '../components/value-texts.ts'

/** Page of one object, with a link back to the list. */
export function OneThing({
  name,
  all,
  at,
  children,
}: {
  readonly name: string
  readonly all: string
  readonly at: string
  readonly children: ComponentChildren
}): JSX.Element {
  return (
    <>
      <p class="back">
        <a href={at}>{all}</a>
      </p>
      <h2 class="breaks">{name}</h2>
      {children}
    </>
  )
}

export function Warning({ children }: { readonly children: ComponentChildren }): JSX.Element {
  return (
    <p class="caution" role="status">
      {children}
    </p>
  )
}

export function TopicLink({ topic }: { readonly topic: string }): JSX.Element {
  return (
    <a class="roomy" href={buildAddress('/kafka', { topic })}>
      <BreakableName name={topic} />
    </a>
  )
}

export function GroupLink({ group }: { readonly group: string }): JSX.Element {
  return (
    <a class="roomy" href={buildAddress('/kafka/groups', { group })}>
      <BreakableName name={group} />
    </a>
  )
}

/** Name that the browser may break after each dot. */
function BreakableName({ name }: { readonly name: string }): JSX.Element {
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

/**
 * Search field for a list that the server has truncated. After it has been shown, it stays visible, because it may have the focus.
 */
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
      class="row"
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
