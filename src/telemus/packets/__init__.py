"""Bytes to columns and back: CCSDS space packets, XTCE definitions, decoding, encoding, the account of every byte."""

from telemus.packets.account import Account, ApidAccount, Gap, RejectedRange, merge_accounts
from telemus.packets.arrow import to_arrow
from telemus.packets.ccsds import PacketTable
from telemus.packets.columns import Ragged
from telemus.packets.crc import crc16
from telemus.packets.cuc import cuc_to_ns, ns_to_cuc
from telemus.packets.decode import DecodedTable, Decoder, Finish, as_plan, decode_bytes, decode_file, decode_table
from telemus.packets.encode import encode
from telemus.packets.plan import ContainerPlan, Plan, compile_plan
from telemus.packets.walk import ApidRule, Walker, walk
from telemus.packets.xtce import Definition, parse_definition, read_definition

__all__ = [
    "Account",
    "ApidAccount",
    "ApidRule",
    "ContainerPlan",
    "DecodedTable",
    "Decoder",
    "Definition",
    "Finish",
    "Gap",
    "PacketTable",
    "Plan",
    "Ragged",
    "RejectedRange",
    "Walker",
    "as_plan",
    "compile_plan",
    "crc16",
    "cuc_to_ns",
    "decode_bytes",
    "decode_file",
    "decode_table",
    "encode",
    "merge_accounts",
    "ns_to_cuc",
    "parse_definition",
    "read_definition",
    "to_arrow",
    "walk",
]
