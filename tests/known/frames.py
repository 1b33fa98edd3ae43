#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Frames that scapy builds, for unit_test_known_frames: what this library must answer for them.

    receive PROTOCOL IP L4 FRAME        protocol and checksum states of a received frame
    request FLAGS MSS L2 L3 L4 TCI PACKET
    wire FRAME                          a packet of the last request, in order

FLAGS are words joined by +. Bytes are hexadecimal. Lengths, checksums, and what changes from piece to piece
are scapy's arithmetic; which fields change, and how, is written down here from RFC 9293, RFC 3168, RFC 791
and RFC 6864, without a look at our segmenter.
"""
import sys

from scapy.all import (ARP, ICMP, IP, TCP, UDP, Dot1AD, Dot1Q, Ether, ICMPv6EchoRequest, IPOption_NOP,
                       IPOption_Router_Alert, IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop,
                       PadN, Raw, RouterAlert, raw)

MAC = dict(src='02:00:00:00:00:01', dst='02:00:00:00:00:02')
ALERT = [IPOption_Router_Alert()]
TCP_OPTIONS = {
    'none': [],
    'timestamps': [('NOP', None), ('NOP', None), ('Timestamp', (0x01020304, 0x0A0B0C0D))],
    'most': [('Timestamp', (1, 2)), ('SAck', (1, 2, 3, 4)), ('NOP', None), ('NOP', None), ('NOP', None), ('NOP', None),
             ('NOP', None), ('NOP', None), ('NOP', None), ('NOP', None), ('NOP', None), ('NOP', None)],
}


def payload(count, seed=1):
    """Bytes without a period that divides a word."""
    return bytes((i * 151 + (i >> 8) * 7 + seed) & 255 for i in range(count))


def ethernet(tags):
    head = Ether(**MAC)
    for kind, tci in tags:
        head = head / kind(prio=tci >> 13, id=(tci >> 12) & 1, vlan=tci & 0xFFF)
    return head


def network(version, options, ident):
    if version == 4:
        return IP(src='192.0.2.1', dst='198.51.100.7', ttl=63, tos=2, id=ident & 0xFFFF,
                  options=ALERT + [IPOption_NOP()] if options else [])
    head = IPv6(src='2001:db8::1', dst='2001:db8:ffff::7', hlim=63, tc=2, fl=0x12345)
    if options:
        head = (head / IPv6ExtHdrHopByHop(options=[RouterAlert()]) /
                IPv6ExtHdrDestOpt(options=[PadN(optdata=b'\0' * 4)]))
    return head


def settled(packet):
    """With each length and checksum written out, as a frame of bytes."""
    return raw(packet)


def l3_length(version, options):
    return len(raw(network(version, options, 1)))


def zeroed(frame, l2, version, l3, protocol):
    """As a frontend brings it that leaves all to others: lengths and checksums are zero."""
    out = bytearray(frame)
    if version == 4:
        out[l2 + 2:l2 + 4] = out[l2 + 10:l2 + 12] = b'\0\0'
    else:
        out[l2 + 4:l2 + 6] = b'\0\0'
    at = l2 + l3
    if protocol == 'tcp':
        out[at + 16:at + 18] = b'\0\0'
    else:
        out[at + 4:at + 8] = b'\0\0\0\0'
    return bytes(out)


def say_request(flags, mss, l2, l3, l4, tci, packet, wires):
    print('request', '+'.join(flags), mss, l2, l3, l4, tci, packet.hex())
    for frame in wires:
        print('wire', frame.hex())


def tcp_cases():
    for version in (4, 6):
        for options in (False, True):
            for name, tcp_options in TCP_OPTIONS.items():
                for flags in ('A', 'PA', 'FPA', 'FPAEC', 'AC'):
                    for count, mss in ((1, 1), (7, 2), (3001, 1000), (3000, 1000), (2999, 536), (9001, 1400)):
                        yield version, options, tcp_options, flags, count, mss


def transport(protocol, flags, tcp_options, sequence):
    if protocol == 'udp':
        return UDP(sport=4789, dport=53)
    return TCP(sport=443, dport=50001, seq=sequence & 0xFFFFFFFF, ack=77, window=1234, flags=flags, options=tcp_options)


def pieces_of(protocol, version, options, tcp_options, flags, data, mss, tags, sequence, ident):
    """The wire packets of one big packet."""
    for at in range(0, len(data), mss):
        is_first, is_last = at == 0, at + mss >= len(data)
        now = ''.join(f for f in flags if not (f in 'FP' and not is_last) and not (f == 'C' and not is_first))
        yield settled(ethernet(tags) / network(version, options, ident + at // mss) /
                      transport(protocol, now, tcp_options, sequence + at) / Raw(data[at:at + mss]))


def segmented(protocol, version, options, tcp_options, flags, count, mss, tags=(), inserted=None):
    data, sequence, ident = payload(count), 0xFFFFFC00, 0xFFFE
    l2, l3 = 14 + 4 * len(tags), l3_length(version, options)
    l4 = len(raw(transport(protocol, flags, tcp_options, 0)))
    whole = settled(ethernet(tags) / network(version, options, ident) /
                    transport(protocol, flags, tcp_options, sequence) / Raw(data))
    asked = [f'{protocol}-segmentation', f'ipv{version}']
    on_wire = list(tags)
    if inserted is not None:
        asked.append('vlan')
        on_wire = [(Dot1Q, inserted)] + on_wire
    wires = list(pieces_of(protocol, version, options, tcp_options, flags, data, mss, on_wire, sequence, ident))
    for packet in (whole, zeroed(whole, l2, version, l3, protocol)):
        say_request(asked, mss, l2, l3, l4, inserted or 0, packet, wires)


def checksum_only(protocol, version, options, count, tags):
    l2, l3 = 14 + 4 * len(tags), l3_length(version, options)
    whole = settled(ethernet(tags) / network(version, options, 5) / transport(protocol, 'PA', [], 9) /
                    Raw(payload(count)))
    asked = [f'{protocol}-checksum', f'ipv{version}'] + (['ip-checksum'] if version == 4 else [])
    spoiled = bytearray(whole)
    field = l2 + l3 + (16 if protocol == 'tcp' else 6)
    spoiled[field:field + 2] = b'\0\0'
    if version == 4:
        spoiled[l2 + 10:l2 + 12] = b'\0\0'
    say_request(asked, 0, l2, l3, 0, 0, bytes(spoiled), [whole])


def say_received(protocol, ip, l4, frame):
    print('receive', protocol, ip, l4, frame.hex())


def received(protocol, version, options, count, tags):
    """Right; wrong in each of its parts; UDP without a checksum."""
    l2, l3 = 14 + 4 * len(tags), l3_length(version, options)
    stack = ethernet(tags) / network(version, options, 5)
    good = settled(stack / transport(protocol, 'PA', [], 9) / Raw(payload(count)))
    ip = 'good' if version == 4 else 'unknown'
    say_received(protocol, ip, 'good', good)
    wrong = bytearray(good)
    wrong[-1] ^= 0x10
    say_received(protocol, ip, 'bad', bytes(wrong))
    if version == 4:
        wrong = bytearray(good)
        wrong[l2 + 8] ^= 1  # the time to live, which no other checksum covers
        say_received(protocol, 'bad', 'good', bytes(wrong))
    if protocol == 'udp':
        none = bytearray(good)
        none[l2 + l3 + 6:l2 + l3 + 8] = b'\0\0'
        # RFC 768: none was made. Over IPv6 RFC 6935 allows that to tunnels: who knows of one has to judge.
        say_received('udp', ip, 'unknown', bytes(none))


def others():
    """Frames of which no transport checksum can be told."""
    ip = IP(src='192.0.2.1', dst='192.0.2.2')
    say_received('unknown', 'unknown', 'unknown', settled(Ether(**MAC) / ARP(psrc='192.0.2.1', pdst='192.0.2.2')))
    say_received('unknown', 'good', 'unknown', settled(Ether(**MAC) / ip / ICMP() / payload(64)))
    say_received('unknown', 'unknown', 'unknown',
                 settled(Ether(**MAC) / IPv6(src='2001:db8::1', dst='2001:db8::2') / ICMPv6EchoRequest(data=b'x')))
    first = settled(Ether(**MAC) / IP(src='192.0.2.1', dst='192.0.2.2', flags='MF') / UDP(dport=9) / payload(64))
    say_received('any', 'good', 'unknown', first)
    later = settled(Ether(**MAC) / IP(src='192.0.2.1', dst='192.0.2.2', frag=100, proto=17) / Raw(payload(64)))
    say_received('any', 'good', 'unknown', later)
    say_received('any', 'unknown', 'unknown',
                 settled(Ether(**MAC) / IPv6(src='2001:db8::1', dst='2001:db8::2') / IPv6ExtHdrFragment(m=1, id=7) /
                         UDP(dport=9) / payload(64)))


def main():
    tag, outer = (Dot1Q, 0x6005), (Dot1AD, 0x0064)
    for case in tcp_cases():
        segmented('tcp', *case)
    for version in (4, 6):
        for options in (False, True):
            for count, mss in ((1, 1), (5, 3), (3001, 1000), (3000, 1000), (9000, 1472)):
                segmented('udp', version, options, [], '', count, mss)
            for protocol in ('tcp', 'udp'):
                segmented(protocol, version, options, [], 'PA' if protocol == 'tcp' else '', 3001, 1000, [tag])
                segmented(protocol, version, options, [], 'PA' if protocol == 'tcp' else '', 3001, 1000, [], 0xE123)
                for tags in ([], [tag], [outer, tag]):
                    for count in (1, 2, 63, 64, 1459, 1460):
                        received(protocol, version, options, count, tags)
                        checksum_only(protocol, version, options, count, tags)
    others()
    return 0


sys.exit(main())
