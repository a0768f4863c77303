/**
 * What a router does to those behind it. `cone`: every UDP socket keeps its port, whomever it talks to, and hears only those it has
 * talked to. `cone:40001`: the same, from this port, for one socket in all. `random`: another port for each it talks to, so that nobody
 * can say which the next will be. `blocked`: no UDP gets out.
 */
export type Nat = 'cone' | `cone:${number}` | 'random' | 'blocked'

/**
 * The rules of nftables for a router, in place of those it has. What comes unasked is dropped, in its own input too: it would otherwise be
 * remembered as a flow of the router, and take the port from the one behind that answers later.
 */
export function natRules (nat: Nat): string {
  const asked = 'iifname "wan" ct state established,related accept; iifname "wan" drop'
  return `table ip nat
    delete table ip nat
    table ip nat {
      chain out {
        type nat hook postrouting priority 100
        ${nat.startsWith('cone:') ? `oifname "wan" meta l4proto udp masquerade to ${nat.slice(4)}` : ''}
        oifname "wan" masquerade ${nat === 'random' ? 'fully-random' : ''}
      }
      chain through { type filter hook forward priority 0; ${nat === 'blocked' ? 'oifname "wan" meta l4proto udp drop;' : ''} ${asked}; }
      chain in { type filter hook input priority 0; ${asked}; }
    }`
}

/** The rules for one end of a cable: this share of what arrives gets lost. Not every kernel has netem; this needs none. */
export function lossRules (device: string, share: number): string {
  return `table netdev loss
    delete table netdev loss
    table netdev loss {
      chain in { type filter hook ingress device "${device}" priority 0; numgen random mod 1000 < ${Math.round(share * 1000)} drop; }
    }`
}

/** The port that others see a UDP socket at; nothing where that differs by who sees it. */
export function seenPort (nat: Nat | undefined, port: number): number | undefined {
  if (nat === 'random' || nat === 'blocked') return undefined
  return nat?.startsWith('cone:') === true ? Number(nat.slice(5)) : port
}
