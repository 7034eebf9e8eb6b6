"""Know every element and attribute of the telemetry side of XTCE 1.1 to 1.3, and note whatever is none of them.

One walk over the document holds that nothing is dropped in silence: what is not in the table is reported with its line,
and so is what the table calls reported. The command side (argument types, commands and their containers) is not walked.
``docs/explanation/xtce.md`` shows the same table, and a test holds the two together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from telemus.packets.xtce.document import elements, local_name

if TYPE_CHECKING:
    from lxml import etree

    from telemus.packets.xtce.findings import Findings

_GROUPS = {
    "NAMED": "@name @shortDescription LongDescription ShortDescription AliasSet AncillaryDataSet",
    "NOTED": "@name @shortDescription AncillaryDataSet",
    "TYPE": "NAMED @baseType @initialValue UnitSet DefaultAlarm ContextAlarmList ENCODING",
    "ENCODING": "BinaryDataEncoding FloatDataEncoding IntegerDataEncoding StringDataEncoding",
    "ORDERED": "@bitOrder @byteOrder ByteOrderList ErrorDetectCorrect",
    "CALIBRATED": "DefaultCalibrator ContextCalibratorList @changeThreshold",
    "CALIBRATOR": "NAMED PolynomialCalibrator SplineCalibrator MathOperationCalibrator",
    "FORMULA": "NOTED ValueOperand ThisParameterOperand ParameterInstanceRefOperand Operator",
    "MATCH": "Comparison ComparisonList BooleanExpression CustomAlgorithm",
    "VALUE": "FixedValue DynamicValue DiscreteLookupList",
    "INSTANCE": "@parameterRef @instance @useCalibratedValue",
    "ENTRY": "@shortDescription LongDescription LocationInContainerInBits RepeatEntry IncludeCondition TimeAssociation "
    "AncillaryDataSet",
    "SEGMENT": "ENTRY @order @sizeInBits",
    "ALARM": "NOTED @minViolations @minConformance @disabled @defaultAlarmLevel AlarmConditions CustomAlarm "
    "StaticAlarmRanges ChangeAlarmRanges ChangePerSecondAlarmRanges AlarmMultiRanges EnumerationAlarmList "
    "StringAlarmList",
    "RANGES": "NOTED @rangeForm WatchRange WarningRange DistressRange CriticalRange SevereRange",
    "RANGE": "@minInclusive @minExclusive @maxInclusive @maxExclusive",
    "ALGORITHM": "NAMED AlgorithmText ExternalAlgorithmSet InputSet",
    "REFERENCED": "@bitsFromReference @reference @parameterRef",
    "STREAM": "NAMED @bitRateInBPS @pcmType @inverted",
    "SYNC": "@verifyToLockGoodFrames @checkToLockGoodFrames @maxBitErrorsInSyncPattern AutoInvert",
    "ADDRESS": "@sourceName @sourceAddress SubAddress",
}
"""What several elements have in common; a group may name others."""

_TABLE = """
SpaceSystem: NAMED @systemType @assetType @operationalStatus Header TelemetryMetaData CommandMetaData ServiceSet \
SpaceSystem
TelemetryMetaData: ParameterTypeSet ParameterSet ContainerSet MessageSet StreamSet AlgorithmSet
CommandMetaData: ParameterTypeSet ParameterSet StreamSet AlgorithmSet ArgumentTypeSet MetaCommandSet CommandContainerSet
Header: @version @date @classification @classificationInstructions @validationStatus AuthorSet NoteSet HistorySet
AuthorSet: Author
Author:
NoteSet: Note
Note:
HistorySet: History
History:
LongDescription:
ShortDescription:
AliasSet: Alias
Alias: @nameSpace @alias
AncillaryDataSet: AncillaryData
AncillaryData: @name @mimeType @href
ParameterTypeSet: StringParameterType EnumeratedParameterType IntegerParameterType BinaryParameterType \
FloatParameterType BooleanParameterType RelativeTimeParameterType AbsoluteTimeParameterType ArrayParameterType \
AggregateParameterType
IntegerParameterType: TYPE @sizeInBits @signed @validRangeAppliesToCalibrated ToString ValidRange ValidRangeSet
FloatParameterType: TYPE @sizeInBits @validRangeAppliesToCalibrated ToString ValidRange ValidRangeSet
StringParameterType: TYPE @restrictionPattern @characterWidth SizeRangeInCharacters
EnumeratedParameterType: TYPE EnumerationList
BooleanParameterType: TYPE @zeroStringValue @oneStringValue
BinaryParameterType: TYPE BinaryContextAlarmList
AbsoluteTimeParameterType: NAMED @baseType @initialValue Encoding ReferenceTime
RelativeTimeParameterType: NAMED @baseType @initialValue Encoding ReferenceTime DefaultAlarm ContextAlarmList
ArrayParameterType: NAMED @arrayTypeRef @initialValue @numberOfDimensions DimensionList
AggregateParameterType: NAMED @initialValue MemberList
UnitSet: Unit
Unit: @power @factor @description @form
ToString: NAMED NumberFormat ValueEnumeration RangeEnumeration
NumberFormat: @numberBase @minimumFractionDigits @maximumFractionDigits @minimumIntegerDigits @maximumIntegerDigits \
@negativeSuffix @positiveSuffix @negativePrefix @positivePrefix @showThousandsGrouping @notation
ValueEnumeration: @value @label
RangeEnumeration: RANGE
ValidRange: RANGE @validRangeAppliesToCalibrated @rangeAppliesToCalibrated
ValidRangeSet: ValidRange @validRangeAppliesToCalibrated
SizeRangeInCharacters: RANGE
EnumerationList: Enumeration
Enumeration: @value @maxValue @label @shortDescription
Encoding: @units @scale @offset ENCODING
ReferenceTime: OffsetFrom Epoch
OffsetFrom: INSTANCE
Epoch: @timeOfDay
DimensionList: Dimension Size
Dimension: StartingIndex EndingIndex
Size: VALUE
StartingIndex: VALUE
EndingIndex: VALUE
MemberList: Member
Member: NAMED @typeRef @initialValue
IntegerDataEncoding: ORDERED CALIBRATED @encoding @sizeInBits
FloatDataEncoding: ORDERED CALIBRATED @encoding @sizeInBits
StringDataEncoding: ORDERED @encoding SizeInBits Variable
BinaryDataEncoding: ORDERED SizeInBits FromBinaryTransformAlgorithm ToBinaryTransformAlgorithm
ByteOrderList: Byte
Byte: @byteSignificance
SizeInBits: VALUE Fixed TerminationChar LeadingSize
Fixed: VALUE
Variable: VALUE @maxSizeInBits TerminationChar LeadingSize
TerminationChar:
LeadingSize: @sizeInBitsOfSizeTag
FixedValue:
DynamicValue: ParameterInstanceRef LinearAdjustment
ParameterInstanceRef: INSTANCE @inputName
LinearAdjustment: @slope @intercept
DiscreteLookupList: @defaultValue DiscreteLookup
DiscreteLookup: @value MATCH
FromBinaryTransformAlgorithm: ALGORITHM
ToBinaryTransformAlgorithm: ALGORITHM
ErrorDetectCorrect: CRC Checksum Parity XOR
CRC: REFERENCED @width @reflectData @reflectRemainder @direction Polynomial InitRemainder FinalXOR
Polynomial: Term
InitRemainder:
FinalXOR:
Checksum: REFERENCED @name @hashSizeInBits InputAlgorithm
Parity: REFERENCED @type
XOR: REFERENCED
DefaultCalibrator: CALIBRATOR
ContextCalibratorList: ContextCalibrator
ContextCalibrator: ContextMatch Calibrator
Calibrator: CALIBRATOR
PolynomialCalibrator: NOTED Term
Term: @coefficient @exponent
SplineCalibrator: NOTED @order @extrapolate SplinePoint
SplinePoint: @order @raw @calibrated
MathOperationCalibrator: FORMULA
ValueOperand:
ThisParameterOperand:
ParameterInstanceRefOperand: INSTANCE
Operator:
ContextMatch: MATCH
Comparison: INSTANCE @comparisonOperator @value
ComparisonList: Comparison
BooleanExpression: Condition ANDedConditions ORedConditions
ANDedConditions: Condition ORedConditions
ORedConditions: Condition ANDedConditions
Condition: ParameterInstanceRef ComparisonOperator Value
ComparisonOperator:
Value:
DefaultAlarm: ALARM
ContextAlarmList: ContextAlarm
BinaryContextAlarmList: ContextAlarm
ContextAlarm: ALARM ContextMatch
StaticAlarmRanges: RANGES @timeUnits
ChangeAlarmRanges: RANGES @changeType @changeBasis @spanOfInterestInSamples @spanOfInterestInSeconds
ChangePerSecondAlarmRanges: RANGES @timeUnits
AlarmMultiRanges: NOTED Range
Range: RANGE @rangeForm @level
WatchRange: RANGE
WarningRange: RANGE
DistressRange: RANGE
CriticalRange: RANGE
SevereRange: RANGE
AlarmConditions: WatchAlarm WarningAlarm DistressAlarm CriticalAlarm SevereAlarm
WatchAlarm: MATCH
WarningAlarm: MATCH
DistressAlarm: MATCH
CriticalAlarm: MATCH
SevereAlarm: MATCH
EnumerationAlarmList: EnumerationAlarm
EnumerationAlarm: @alarmLevel @enumerationLabel @enumerationValue
StringAlarmList: StringAlarm
StringAlarm: @alarmLevel @matchPattern
CustomAlarm: ALGORITHM InputAlgorithm
ParameterSet: Parameter ParameterRef
Parameter: NAMED @parameterTypeRef @initialValue ParameterProperties
ParameterRef: @parameterRef
ParameterProperties: @dataSource @readOnly @persistence SystemName ValidityCondition PhysicalAddressSet TimeAssociation
SystemName:
ValidityCondition: MATCH
PhysicalAddressSet: PhysicalAddress
PhysicalAddress: ADDRESS
SubAddress: ADDRESS
TimeAssociation: INSTANCE @interpolateTime @offset @unit
ContainerSet: SequenceContainer
SequenceContainer: NAMED @abstract @idlePattern EntryList BaseContainer BinaryEncoding DefaultRateInStream \
RateInStreamSet
BinaryEncoding: ORDERED SizeInBits FromBinaryTransformAlgorithm ToBinaryTransformAlgorithm
DefaultRateInStream: @basis @minimumValue @maximumValue
RateInStreamSet: RateInStream
RateInStream: @basis @minimumValue @maximumValue @streamRef
BaseContainer: @containerRef RestrictionCriteria
RestrictionCriteria: MATCH NextContainer
NextContainer: @containerRef
EntryList: ParameterRefEntry ParameterSegmentRefEntry ContainerRefEntry ContainerSegmentRefEntry StreamSegmentEntry \
IndirectParameterRefEntry ArrayParameterRefEntry
ParameterRefEntry: ENTRY @parameterRef
ParameterSegmentRefEntry: SEGMENT @parameterRef
ContainerRefEntry: ENTRY @containerRef
ContainerSegmentRefEntry: SEGMENT @containerRef
StreamSegmentEntry: SEGMENT @streamRef
IndirectParameterRefEntry: ENTRY @aliasNameSpace ParameterInstance
ParameterInstance: INSTANCE
ArrayParameterRefEntry: ENTRY @parameterRef @lastEntryForThisArrayInstance DimensionList
LocationInContainerInBits: VALUE @referenceLocation
RepeatEntry: Count Offset
Count: VALUE
Offset: VALUE @offsetSizeInBits
IncludeCondition: MATCH
AlgorithmSet: MathAlgorithm CustomAlgorithm
MathAlgorithm: NAMED MathOperation
MathOperation: FORMULA @outputParameterRef TriggerSet
TriggerSet: @name @triggerRate OnParameterUpdateTrigger OnContainerUpdateTrigger OnPeriodicRateTrigger
OnParameterUpdateTrigger: @parameterRef
OnContainerUpdateTrigger: @containerRef
OnPeriodicRateTrigger: @fireRateInSeconds
CustomAlgorithm: ALGORITHM @thread @triggerContainer @priority OutputSet TriggerSet
InputAlgorithm: ALGORITHM
AlgorithmText: @language
ExternalAlgorithmSet: ExternalAlgorithm
ExternalAlgorithm: @implementationName @algorithmLocation
InputSet: InputParameterInstanceRef ParameterInstanceRef Constant
InputParameterInstanceRef: INSTANCE @inputName
Constant: @constantName @value
OutputSet: OutputParameterRef
OutputParameterRef: @parameterRef @outputName
StreamSet: FixedFrameStream VariableFrameStream CustomStream
FixedFrameStream: STREAM @syncApertureInBits @frameLengthInBits ContainerRef ServiceRef StreamRef SyncStrategy
VariableFrameStream: STREAM ContainerRef ServiceRef StreamRef SyncStrategy
CustomStream: STREAM @encodedStreamRef @decodedStreamRef EncodingAlgorithm DecodingAlgorithm
EncodingAlgorithm: ALGORITHM
DecodingAlgorithm: ALGORITHM @thread OutputSet
SyncStrategy: SYNC SyncPattern Flag
SyncPattern: @pattern @bitLocationFromStartOfContainer @mask @maskLengthInBits @patternLengthInBits
Flag: @flagSizeInBits @flagBitType
AutoInvert: @badFramesToAutoInvert InvertAlgorithm
InvertAlgorithm: ALGORITHM
StreamRef: @streamRef
ServiceRef: @serviceRef
MessageSet: NAMED Message
Message: NAMED MatchCriteria ContainerRef ContainRef
MatchCriteria: MATCH
ContainerRef: @containerRef
ContainRef: @containerRef
ServiceSet: Service
Service: NAMED MessageRefSet ContainerRefSet
MessageRefSet: MessageRef
MessageRef: @messageRef
ContainerRefSet: ContainerRef
"""

COMMAND_SIDE = frozenset(["ArgumentTypeSet", "MetaCommandSet", "CommandContainerSet"])
"""Elements whose content is not walked: they say nothing of telemetry."""

REPORTED = {
    "StreamSet": "streams: frames are read by their own reader",
    "MessageSet": "messages",
    "ServiceSet": "services",
    "CustomAlgorithm": "an algorithm in another language",
    "CustomAlarm": "an alarm by an algorithm",
    "FromBinaryTransformAlgorithm": "a transform of binary data; the octets stay as they are",
    "NextContainer": "a restriction by the packet that follows",
    "OnPeriodicRateTrigger": "a trigger by time; the algorithm runs on its other triggers",
    "TimeAssociation": "a time association",
    "StreamSegmentEntry": "a segment of a stream; its bits stand as binary",
    "ContainerSegmentRefEntry": "a segment of a container; its bits stand as binary",
    "Checksum": "a checksum that is not checked",
    "Parity": "a parity that is not checked",
    "XOR": "an exclusive or that is not checked",
}
"""Elements that are noted wherever they stand, with what is said of them."""

_CHOICES = {
    "bitOrder": "mostSignificantBitFirst leastSignificantBitFirst",
    "rangeForm": "outside inside",
    "changeType": "changePerSecond changePerSample",
    "changeBasis": "absoluteChange percentageChange",
    "units": "seconds milliseconds microseconds nanoseconds picoseconds picoSeconds minutes hours days months years",
    "timeUnits": "seconds milliseconds microseconds nanoseconds picoseconds minutes hours days months years",
    "alarmLevel": "normal watch warning distress critical severe",
    "defaultAlarmLevel": "normal watch warning distress critical severe",
    "level": "normal watch warning distress critical severe",
    "dataSource": "telemetered derived constant local ground",
    "form": "calibrated uncalibrated raw uncal",
}
"""Attributes whose value is one of a few words; another one is reported."""
_FOREIGN = ("{http://www.w3.org/2001/XMLSchema-instance", "{http://www.w3.org/XML/1998/namespace")
"""Namespaces of attributes that belong to XML itself."""


class Known(NamedTuple):
    """What an element may have: attributes and child elements."""

    attributes: frozenset[str]
    children: frozenset[str]


def _words(text: str) -> set[str]:
    found: set[str] = set()
    for word in text.split():
        found |= _words(_GROUPS[word]) if word in _GROUPS else {word}
    return found


def _parsed() -> dict[str, Known]:
    table: dict[str, Known] = {}
    for line in _TABLE.strip().splitlines():
        name, _, content = line.partition(":")
        words = _words(content)
        attributes = frozenset(word[1:] for word in words if word.startswith("@"))
        table[name] = Known(attributes, frozenset(word for word in words if not word.startswith("@")))
    return table


DESCRIPTIVE = frozenset(
    _words(
        """Header AuthorSet Author NoteSet Note HistorySet History LongDescription ShortDescription ToString
        NumberFormat ValueEnumeration RangeEnumeration SizeRangeInCharacters PhysicalAddressSet PhysicalAddress
        SubAddress SystemName DefaultRateInStream RateInStreamSet RateInStream ToBinaryTransformAlgorithm"""
    )
)
"""Elements that do not bear on a decoded value: known, and passed over."""
VOCABULARY = _parsed()
"""Every element of the telemetry side, by its name without namespace."""


def outcome_of(name: str) -> str:
    """Return what becomes of an element: read, noted (it bears on no value), reported, or skipped (the command side).

    An element that stands only below reported ones is reported with them.
    """
    if name in COMMAND_SIDE:
        return "skipped"
    if name in DESCRIPTIVE:
        return "noted"
    return "read" if name in _READ else "reported"


def _read_elements() -> frozenset[str]:
    found: set[str] = set()
    waiting = ["SpaceSystem"]
    while waiting:
        name = waiting.pop()
        if name not in found and name not in DESCRIPTIVE and name not in COMMAND_SIDE and name not in REPORTED:
            found.add(name)
            waiting.extend(VOCABULARY[name].children)
    return frozenset(found)


_READ = _read_elements()


def check_vocabulary(root: etree._Element, findings: Findings) -> None:
    """Note every element and attribute that is not known where it stands, and the known ones that are not read.

    Below an element that is not known nothing more is said.
    """
    waiting = [root]
    while waiting:
        element = waiting.pop()
        known = VOCABULARY[local_name(element)]
        _check_attributes(element, known, findings)
        inside: list[etree._Element] = []
        for one in elements(element):
            name = local_name(one)
            if name not in known.children:
                findings.not_known(one, f"{name} in {local_name(element)}")
            elif name not in COMMAND_SIDE:
                if name in REPORTED:
                    findings.not_known(one, REPORTED[name])
                inside.append(one)
        waiting.extend(reversed(inside))


def _check_attributes(element: etree._Element, known: Known, findings: Findings) -> None:
    for key, value in element.attrib.items():
        space, _, name = str(key).rpartition("}")
        if space in _FOREIGN:
            continue
        if space or name not in known.attributes:
            findings.attribute_not_known(element, name, "an attribute that is not known")
        elif name in _CHOICES and value not in _CHOICES[name].split():
            findings.attribute_not_known(element, name, f"the value {value!r}")
