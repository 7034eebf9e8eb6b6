"""Transfer frames to packets and back: sync marker, pseudo-randomiser, Reed-Solomon, TM and AOS, virtual channels."""

from telemus.packets.frames.channel import ChannelPackets
from telemus.packets.frames.encode import encode_frames, encode_units, idle_frames
from telemus.packets.frames.frame_account import ChannelAccount, FrameAccount, FrameGap
from telemus.packets.frames.frame_layout import FrameLayout
from telemus.packets.frames.frame_table import FrameTable
from telemus.packets.frames.randomiser import randomise
from telemus.packets.frames.reader import FrameReader, frames_to_packets, read_frames
from telemus.packets.frames.reed_solomon import Corrected, ReedSolomon
from telemus.packets.frames.sync import Synchroniser

__all__ = [
    "ChannelAccount",
    "ChannelPackets",
    "Corrected",
    "FrameAccount",
    "FrameGap",
    "FrameLayout",
    "FrameReader",
    "FrameTable",
    "ReedSolomon",
    "Synchroniser",
    "encode_frames",
    "encode_units",
    "frames_to_packets",
    "idle_frames",
    "randomise",
    "read_frames",
]
