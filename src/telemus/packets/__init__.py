"""Bytes to columns and back: transfer frames, space packets, XTCE definitions, decoding, encoding, every byte."""

from telemus.packets.account import Account, ApidAccount, Gap, RejectedRange, merge_accounts
from telemus.packets.arrow import to_arrow
from telemus.packets.ccsds import PacketTable
from telemus.packets.columns import Ragged
from telemus.packets.crc import crc16
from telemus.packets.cuc import cuc_to_ns, ns_to_cuc
from telemus.packets.decode import DecodedTable, Decoder, Finish, as_plan, decode_bytes, decode_file, decode_table
from telemus.packets.encode import encode
from telemus.packets.frames import (
    ChannelAccount,
    ChannelPackets,
    Corrected,
    FrameAccount,
    FrameGap,
    FrameLayout,
    FrameReader,
    FrameTable,
    ReedSolomon,
    Synchroniser,
    encode_frames,
    encode_units,
    frames_to_packets,
    idle_frames,
    randomise,
    read_frames,
)
from telemus.packets.plan import ContainerPlan, Plan, compile_plan
from telemus.packets.walk import ApidRule, Walker, walk
from telemus.packets.xtce import Definition, parse_definition, read_definition

__all__ = [
    "Account",
    "ApidAccount",
    "ApidRule",
    "ChannelAccount",
    "ChannelPackets",
    "ContainerPlan",
    "Corrected",
    "DecodedTable",
    "Decoder",
    "Definition",
    "Finish",
    "FrameAccount",
    "FrameGap",
    "FrameLayout",
    "FrameReader",
    "FrameTable",
    "Gap",
    "PacketTable",
    "Plan",
    "Ragged",
    "ReedSolomon",
    "RejectedRange",
    "Synchroniser",
    "Walker",
    "as_plan",
    "compile_plan",
    "crc16",
    "cuc_to_ns",
    "decode_bytes",
    "decode_file",
    "decode_table",
    "encode",
    "encode_frames",
    "encode_units",
    "frames_to_packets",
    "idle_frames",
    "merge_accounts",
    "ns_to_cuc",
    "parse_definition",
    "randomise",
    "read_definition",
    "read_frames",
    "to_arrow",
    "walk",
]
