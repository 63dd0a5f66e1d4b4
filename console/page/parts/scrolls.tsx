/** A place for what may be wider than the screen. A shadow at an edge shows that there is more behind it. */
import type { ComponentChildren, JSX } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'

interface Props {
  /** Contents, for those who do not see them. */
  readonly label: string
  readonly children: ComponentChildren
}

export function Scrolls({ label, children }: Props): JSX.Element {
  const place = useRef<HTMLElement>(null)
  const look = () => {
    const scroller = place.current
    if (!scroller) return
    const { scrollLeft, scrollWidth, clientWidth, parentElement } = scroller
    // Positions are rounded where the screen is scaled.
    parentElement?.classList.toggle('more-before', scrollLeft > 1)
    parentElement?.classList.toggle('more-behind', scrollLeft + clientWidth < scrollWidth - 1)
  }
  useLayoutEffect(() => {
    const watching = new ResizeObserver(look)
    for (const one of [place.current, place.current?.firstElementChild]) if (one) watching.observe(one)
    return () => watching.disconnect()
  }, [])
  return (
    <div class="scrolling">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it with the arrow keys */}
      <section ref={place} class="scrolls" aria-label={label} tabIndex={0} onScroll={look}>
        {children}
      </section>
    </div>
  )
}
